// How a module is declared, and where it is switched on: docs/architecture.md, “The form of a module”.
export { defineModule, type ModuleContext, type ModuleDefinition, type ModuleRight } from './definition.ts'
export { isEnabled, moduleState, refuseDisabled, refuseSwitchedOff, type ModuleState } from './enabled.ts'
export { chooseModules, readModules } from './choose.ts'
export { switching } from './switching.ts'
export { modulesRoutes } from './routes.ts'
export type { EstablishmentModules, ModuleChoices } from './schemas.ts'
export { coreRoutes, refuseHomeless, routesOf } from './routes-of.ts'
