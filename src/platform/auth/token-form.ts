import { text } from '../../shared/text.ts'
import { Problem, problem } from '../../shared/errors.ts'
import type { Access } from './access.ts'
import { logIn, refresh, type Origin } from './login.ts'
import type { Tokens, TokenForm } from './schemas.ts'
import { answerChallenge } from './second-factor/answer.ts'

const badLogin = new Set([
  'invalid_credentials',
  'account_disabled',
  'refresh_invalid',
  'refresh_reused',
  'session_closed',
  'challenge_invalid',
])

/**
 * The OAuth 2.0 token endpoint (RFC 6749 4.3, 6) over the same login and refresh. It has no field for a code: that of a
 * second factor comes as the secret of the client, which has none.
 * @throws invalid_grant, second_factor_required (with `challenge`), second_factor_wrong, invalid_input, all with the `error` member of RFC 6749 5.2
 */
export async function grantTokens(access: Access, form: TokenForm, origin: Origin): Promise<Tokens> {
  const { grant_type: type, username, password, device, refresh_token: token } = form
  if (type !== 'password' && type !== 'refresh_token') throw refusal('grant_type', 'unsupported_grant_type')
  const missing =
    type === 'password' ? (username ? (password ? undefined : 'password') : 'username') : token ? undefined : type
  if (missing) throw refusal(missing, 'invalid_request')
  try {
    if (type === 'refresh_token') return await refresh(access, token ?? '', origin)
    const login = { username: username ?? '', password: password ?? '', ...(device && { device }) }
    return await logIn(access, login, origin).catch((error: unknown) => giveCode(access, error, form, origin))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (badLogin.has(error.code)) throw problem('invalid_grant', { extra: { error: 'invalid_grant' } })
    const said = error.code === 'second_factor_required' ? 'mfa_required' : 'access_denied'
    throw new Problem(error.code, { ...error.options, extra: { ...error.options.extra, error: said } })
  }
}

async function giveCode(access: Access, error: unknown, form: TokenForm, origin: Origin): Promise<Tokens> {
  const code = /^[0-9A-Za-z -]{6,40}$/.exec(form.client_secret ?? '')?.[0]
  if (!(error instanceof Problem) || error.code !== 'second_factor_required' || code === undefined) throw error
  return answerChallenge(access, { challenge: String(error.options.extra?.['challenge']), code }, origin)
}

/** The form with the secret of an Authorization header (RFC 6749 2.3.1), where Swagger UI puts it. */
export function withBasic(form: TokenForm, authorization: string | undefined): TokenForm {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]{0,400}={0,2})$/i.exec(authorization ?? '') ?? []
  const [, secret] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return secret && form.client_secret === undefined ? { ...form, client_secret: secret } : form
}

function refusal(path: string, error: 'unsupported_grant_type' | 'invalid_request'): Problem {
  const message =
    path === 'grant_type'
      ? text('Valeurs admises : password, refresh_token.', 'Allowed values: password, refresh_token.')
      : text('Ce champ est obligatoire.', 'This field is required.')
  return problem('invalid_input', { errors: [{ path, message }], extra: { error } })
}
