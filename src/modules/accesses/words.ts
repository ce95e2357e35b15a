import type { ModuleDefinition } from '../../platform/modules/index.ts'
import { say, text, type Language, type Text } from '../../shared/text.ts'

/** Words for `resource.verb` of a module's entries on the record. */
export type ActWords = {
  readonly resources?: Readonly<Record<string, Text>>
  readonly verbs?: Readonly<Record<string, Text>>
}

declare module '../../shared/module-types.ts' {
  interface ModuleParts {
    /** How a person who is no specialist reads what was done, in the list of accesses to a file. */
    readonly words?: ActWords
  }
}

const ofCore: Record<string, Text> = {
  audit: text('journal', 'record'),
}

const coreVerbs: Record<string, Text> = {
  read: text('lecture', 'read'),
  list: text('affichage dans une liste', 'shown in a list'),
  search: text('affichage dans une recherche', 'shown in a search'),
  history: text('lecture des versions', 'versions read'),
  export: text('copie dans un fichier', 'copied into a file'),
  exported: text('copie remise', 'copy handed over'),
  print: text('impression', 'print'),
  printed: text('impression remise', 'print handed over'),
  accesses: text('lecture de la liste des accès', 'list of accesses read'),
  candidates: text('affichage parmi les dossiers ressemblants', 'shown among similar files'),
  replay: text('réponse renvoyée', 'answer sent again'),
  create: text('création', 'created'),
  import: text('reprise d’un registre', 'taken from a register'),
  update: text('modification', 'changed'),
  hide: text('masquage', 'hidden'),
  withdraw: text('retrait', 'withdrawn'),
  record: text('enregistrement', 'recorded'),
  open: text('ouverture', 'opened'),
  break: text('ouverture', 'opened'),
  review: text('contrôle', 'reviewed'),
  add: text('ajout', 'added'),
  remove: text('retrait', 'taken out'),
}

const outcomes: Record<string, Text> = {
  refused: text('refusé', 'refused'),
  failure: text('interrompu', 'interrupted'),
}

/** Those of the core and of all modules. */
export const wordsOf = (modules: readonly ModuleDefinition[]): Required<ActWords> => ({
  resources: Object.assign({}, ofCore, ...modules.map(({ words }) => words?.resources)) as typeof ofCore,
  verbs: Object.assign({}, coreVerbs, ...modules.map(({ words }) => words?.verbs)) as typeof coreVerbs,
})

/** What was done, for a person who is no specialist; an act without words of its own keeps its name. */
export function actInWords(
  action: string,
  outcome: string,
  language: Language,
  { resources, verbs }: Required<ActWords>,
): string {
  const [resource = '', verb = ''] = action.split('.')
  const [what, done] = [resources[resource], verbs[verb]]
  const act = what && done ? `${say(done, language)} (${say(what, language)})` : action
  const ended = outcomes[outcome]
  return ended ? `${act} – ${say(ended, language)}` : act
}
