import { wording, type Wording } from './finding.ts'

// The record of who did what.
export const audit = {
  audit_sealing: wording('critical', {
    ok: ['Le journal d’audit est scellé.', 'The audit record is sealed.'],
    bad: [
      'Des entrées du journal d’audit attendent leur sceau depuis plus de 30 secondes',
      'Entries of the audit record have waited for their seal for more than 30 seconds',
    ],
    remedy: [
      'Si SIS est arrêté, démarrez-le ; sinon cherchez dans son journal pourquoi il ne scelle pas.',
      'If SIS is stopped, start it; else look in its journal why it does not seal.',
    ],
  }),
  audit_wall: wording('critical', {
    ok: [
      'Chaque établissement ne lit et n’écrit que son propre journal d’audit.',
      'Each establishment reads and appends to its own audit record only.',
    ],
    bad: [
      'Les règles d’accès au journal d’audit ne sont pas celles de SIS',
      'The policies of the audit record are not those of SIS',
    ],
    remedy: [
      'ALTER TABLE sis_audit.entry ENABLE ROW LEVEL SECURITY ; retirez (+) ou refaites (−) les règles nommées, puis npx sis audit verify.',
      'ALTER TABLE sis_audit.entry ENABLE ROW LEVEL SECURITY; drop (+) or make again (−) the policies that are named, then npx sis audit verify.',
    ],
  }),
} satisfies Record<string, Wording>
