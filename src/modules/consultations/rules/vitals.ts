import type { FieldError } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'

export type Vital =
  'temperature' | 'systolic' | 'diastolic' | 'pulse' | 'respiration' | 'spo2' | 'weight' | 'height' | 'muac'

/** Measures in the units of `vitalRanges`; what was not measured is absent or null. */
export type Vitals = { readonly [V in Vital]?: number | null }

type Range = { name: Text; unit: Text; min: number; max: number; decimals: number }

const same = (unit: string): Text => text(unit, unit)

// Our own bounds, wide enough for any living patient, newborns included: they catch slips of the pen (370 for 37.0,
// a weight in grams, a pressure in cmHg) and judge nobody; the alarms do. Two of them have a source: clinical
// thermometers start at 25 °C, and the smallest surviving newborns weigh about 0.24 kg (Tiny Babies Registry,
// University of Iowa). The migration's CHECKs hold the same figures; a test compares them.
export const vitalRanges: { readonly [V in Vital]: Range } = {
  temperature: { name: text('La température', 'The temperature'), unit: same('°C'), min: 25, max: 45, decimals: 1 },
  systolic: {
    name: text('La pression systolique', 'The systolic pressure'),
    unit: same('mmHg'),
    min: 30,
    max: 300,
    decimals: 0,
  },
  diastolic: {
    name: text('La pression diastolique', 'The diastolic pressure'),
    unit: same('mmHg'),
    min: 10,
    max: 200,
    decimals: 0,
  },
  pulse: {
    name: text('Le pouls', 'The pulse'),
    unit: text('battements/min', 'beats/min'),
    min: 20,
    max: 300,
    decimals: 0,
  },
  respiration: {
    name: text('La fréquence respiratoire', 'The respiratory rate'),
    unit: text('mouvements/min', 'breaths/min'),
    min: 4,
    max: 150,
    decimals: 0,
  },
  spo2: { name: text('La SpO2', 'The SpO2'), unit: same('%'), min: 30, max: 100, decimals: 0 },
  weight: { name: text('Le poids', 'The weight'), unit: same('kg'), min: 0.2, max: 400, decimals: 3 },
  height: { name: text('La taille', 'The height'), unit: same('cm'), min: 20, max: 250, decimals: 1 },
  muac: {
    name: text('Le périmètre brachial', 'The mid-upper arm circumference'),
    unit: same('mm'),
    min: 50,
    max: 600,
    decimals: 0,
  },
}

export const vitalNames = Object.keys(vitalRanges) as Vital[]

/** The range as a reader sees it, for documentation: "25 à 45 °C". */
export const rangeOf = (vital: Vital): Text => {
  const { min, max, unit } = vitalRanges[vital]
  return text(`${french(min)} à ${french(max)} ${unit.fr}`, `${min} to ${max} ${unit.en}`)
}

/**
 * What is wrong with the measures, field by field; empty when they are plausible.
 * @param path the field that holds them
 */
export function vitalErrors(vitals: Vitals, path = 'vitals'): FieldError[] {
  const errors: FieldError[] = []
  for (const vital of vitalNames) {
    const value = vitals[vital]
    if (value !== undefined && value !== null) errors.push(...measureErrors(vital, value, `${path}.${vital}`))
  }
  const { systolic, diastolic } = vitals
  if (errors.length === 0 && typeof systolic === 'number' && typeof diastolic === 'number' && diastolic >= systolic)
    errors.push({
      path: `${path}.diastolic`,
      message: text(
        'La pression diastolique est plus basse que la systolique.',
        'The diastolic pressure is lower than the systolic one.',
      ),
    })
  return errors
}

function measureErrors(vital: Vital, value: number, path: string): FieldError[] {
  const { name, min, max, decimals } = vitalRanges[vital]
  if (!(value >= min && value <= max)) {
    const range = rangeOf(vital)
    return [{ path, message: text(`${name.fr} va de ${range.fr}.`, `${name.en} ranges from ${range.en}.`) }]
  }
  // Refused rather than rounded: what is stored is what was sent.
  if (Number(value.toFixed(decimals)) !== value)
    return [
      {
        path,
        message:
          decimals === 0
            ? text(`${name.fr} est un nombre entier.`, `${name.en} is a whole number.`)
            : text(
                `${name.fr} a au plus ${decimals} décimale(s).`,
                `${name.en} has at most ${decimals} decimal place(s).`,
              ),
      },
    ]
  return []
}

const french = (value: number): string => String(value).replace('.', ',')
