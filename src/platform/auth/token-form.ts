import { text } from '../../shared/text.ts'
import { Problem, problem } from '../../shared/errors.ts'
import type { Access } from './access.ts'
import { logIn, refresh, type Origin } from './login.ts'
import type { Tokens, TokenForm } from './schemas.ts'

const badLogin = new Set([
  'invalid_credentials',
  'account_disabled',
  'refresh_invalid',
  'refresh_reused',
  'session_closed',
])

/**
 * The OAuth 2.0 token endpoint (RFC 6749 4.3, 6) over the same login and refresh.
 * @throws invalid_grant, invalid_input, both with the `error` member of RFC 6749 5.2
 */
export async function grantTokens(access: Access, form: TokenForm, origin: Origin): Promise<Tokens> {
  const { grant_type: type, username, password, refresh_token: token } = form
  if (type !== 'password' && type !== 'refresh_token') throw refusal('grant_type', 'unsupported_grant_type')
  const missing =
    type === 'password' ? (username ? (password ? undefined : 'password') : 'username') : token ? undefined : type
  if (missing) throw refusal(missing, 'invalid_request')
  try {
    return type === 'password'
      ? await logIn(access, { username: username ?? '', password: password ?? '' }, origin)
      : await refresh(access, token ?? '', origin)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (badLogin.has(error.code)) throw problem('invalid_grant', { extra: { error: 'invalid_grant' } })
    throw new Problem(error.code, { ...error.options, extra: { error: 'access_denied' } })
  }
}

function refusal(path: string, error: 'unsupported_grant_type' | 'invalid_request'): Problem {
  const message =
    path === 'grant_type'
      ? text('Valeurs admises : password, refresh_token.', 'Allowed values: password, refresh_token.')
      : text('Ce champ est obligatoire.', 'This field is required.')
  return problem('invalid_input', { errors: [{ path, message }], extra: { error } })
}
