// The demonstration pyramid: five establishments, thirteen accounts, 200 patients, 2,000 consultations, all invented.
export {
  demoAccounts,
  demoState,
  readablePassword,
  setDemoPassword,
  switchDemo,
  type DemoAccount,
  type DemoState,
} from './accounts.ts'
export { loadDemo, type DemoOptions } from './load.ts'
