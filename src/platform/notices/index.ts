// What an act tells others, written in its own transaction. Who reads it, and how: modules/notifications.
export { kinds, notice, sentenceOf, severities, type Kind, type Notice, type Params, type Severity } from './notice.ts'
export { forgetOld, KEPT_DAYS, notify, oldest, type Notified } from './notify.ts'
