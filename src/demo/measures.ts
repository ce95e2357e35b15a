import type { Random } from './random.ts'
import { monthsOld, type Person } from './people.ts'

/** What the day's illness does to the measures. */
export type Signs = {
  fever?: boolean
  breathless?: boolean
  /** Systolic and diastolic (mmHg) around which the pressure lies. */
  pressure?: [number, number]
  /** Mid-upper arm circumference, mm. */
  muac?: number
  /** kg that a pregnancy adds. */
  gain?: number
}

export type Measures = Partial<
  Record<
    'temperature' | 'systolic' | 'diastolic' | 'pulse' | 'respiration' | 'spo2' | 'weight' | 'height' | 'muac',
    number
  >
>

type Curve = readonly (readonly [months: number, value: number])[]

// Medians of both sexes: WHO child growth standards 2006 and reference 2007; adults: Mali DHS 2018, rounded.
const weights: Curve = [[0, 3.3], [1, 4.3], [3, 6.1], [6, 7.6], [12, 9.3], [24, 11.8], [36, 14], [60, 18], [84, 22.5], [120, 31], [144, 40], [180, 53], [216, 60]] // prettier-ignore
const heights: Curve = [[0, 49.5], [3, 60], [6, 66.5], [12, 75], [24, 86.5], [36, 95.5], [60, 109], [84, 121], [120, 137], [144, 149], [180, 162], [216, 166]] // prettier-ignore

/** The vital signs of one visit; what was not measured is absent. @param equipped whether there is an oximeter */
export function measure(person: Person, at: number, signs: Signs, equipped: boolean, random: Random): Measures {
  const months = monthsOld(person, at)
  const adult = months >= 15 * 12
  const measures: Measures = {}
  if (random.chance(0.95))
    measures.temperature = tenths(signs.fever ? random.around(38.9, 0.5) : random.around(36.8, 0.25))
  if (random.chance(adult ? 0.7 : 0.95)) measures.weight = weightOf(person, months, signs)
  if (random.chance(adult ? 0.2 : 0.4))
    measures.height = tenths(valueAt(heights, months) * (1 + 0.035 * person.stature))
  if (signs.fever || signs.breathless || random.chance(0.5)) {
    measures.pulse = Math.round(random.around(restingPulse(months), 8) + (signs.fever ? 12 : 0))
    measures.respiration = Math.round(random.around(restingRespiration(months), 2) + (signs.breathless ? 18 : 0))
  }
  if (signs.pressure || (adult && random.chance(0.8))) {
    const [systolic, diastolic] = signs.pressure ?? [118, 75]
    measures.systolic = Math.round(random.around(systolic, 9))
    measures.diastolic = Math.min(measures.systolic - 20, Math.round(random.around(diastolic, 6)))
  }
  if (equipped && (signs.breathless || random.chance(0.4)))
    measures.spo2 = Math.min(100, Math.round(signs.breathless ? random.around(92, 1.5) : random.around(98, 0.8)))
  if (months >= 6 && months < 60 && (signs.muac !== undefined || random.chance(0.6)))
    measures.muac = Math.round(signs.muac ?? random.around(143, 5))
  return measures
}

function weightOf(person: Person, months: number, { muac, gain = 0 }: Signs): number {
  const thin = muac !== undefined && muac < 125 ? 0.85 : 1
  return tenths(valueAt(weights, months) * (1 + 0.1 * person.build) * thin + gain)
}

const restingPulse = (months: number): number => (months < 12 ? 130 : months < 60 ? 108 : months < 144 ? 92 : 78)
const restingRespiration = (months: number): number =>
  months < 2 ? 44 : months < 12 ? 37 : months < 60 ? 28 : months < 144 ? 22 : 18

/** The curve's value at an age, in a straight line between its points. */
function valueAt(curve: Curve, months: number): number {
  const after = curve.findIndex(([point]) => point > months)
  if (after === -1) return curve[curve.length - 1]![1]
  const [[from, low], [to, high]] = [curve[after - 1]!, curve[after]!]
  return low + ((high - low) * (months - from)) / (to - from)
}

const tenths = (value: number): number => Math.round(value * 10) / 10
