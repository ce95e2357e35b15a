// What the modules add for the compiler, merged in by `declare module '../../shared/module-types.ts'`: names of errors and
// rights are then exact in every file and written once, and who composes a part of each module says what the part looks
// like. At run time platform/modules/definition.ts does the same.

/** A module's names: `interface ModuleErrors extends NamesOf<typeof errors> {}`. */
export type NamesOf<T> = { readonly [Name in keyof T]: true }

export interface ModuleErrors {}
export interface ModuleRights {}

/** What a definition may hold besides, each part declared by who composes it: the register of an import, words, … */
export interface ModuleParts {}
