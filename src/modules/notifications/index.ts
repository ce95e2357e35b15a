export { notice, type Kind, type Notice, type Params, type Severity } from './notice.ts'
export { notify, type Notified } from './notify.ts'
