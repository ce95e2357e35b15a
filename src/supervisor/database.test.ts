import assert from 'node:assert/strict'
import test from 'node:test'
import { explainDatabase } from './database.ts'
import { Failure } from './failure.ts'

test('what the driver says in words is one sentence too, without the password', () => {
  const certificate = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' })
  const unknown = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  for (const [error, sentence] of [
    [new Error('The server does not support SSL connections'), /ne chiffre pas/],
    [certificate, /certificat/],
    [unknown, /certificat/],
    [new Error('Connection terminated unexpectedly'), /coupée/],
    [new Error('timeout expired'), /aucune réponse/],
  ] as const) {
    const told = explainDatabase(error, 'postgres://sis:secret@base.exemple.ml:5432/sis')
    assert.ok(told instanceof Failure, error.message)
    assert.match(told.message, /^Base de données base\.exemple\.ml:5432\/sis : [^\n]+\.$/)
    assert.match(told.message, sentence)
  }
})
