export {
  notice,
  notify,
  type Kind,
  type Notice,
  type Notified,
  type Params,
  type Severity,
} from '../../platform/notices/index.ts'
export { notifications } from './module.ts'
export { countUnread } from './queries.ts'
export { readerOf, type Reader } from './reader.ts'
