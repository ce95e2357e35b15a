import process from 'node:process'
import { drive, type Plan } from './load.ts'

process.once('message', (plan: Plan) => {
  void drive(plan).then((outcome) => process.send?.(outcome, () => process.disconnect()))
})
