// A made-up register of as many lines as wanted, the same at every run: persons who come twice, few families and many
// villages, as in a district.
import { createHash } from 'node:crypto'

export const families =
  'Traoré Coulibaly Diarra Keïta Touré Maïga Cissé Dembélé Diallo Sangaré Koné Dolo Guindo Tapily Sacko Konaté Sidibé Camara Kouyaté Sissoko Fofana Niaré Samaké Bagayoko Doumbia Ballo Sanogo Berthé Dao Kassogué Karembé Djiguiba Togo Ouologuem Arama Tembely Bocoum Bah Barry Sow'.split(
    ' ',
  )
export const givens =
  'Awa Fatoumata Mariam Oumou Kadiatou Amadou Moussa Ibrahim Sékou Seydou Bakary Hawa Nana Rokia Salimata Aminata Aïssata Assétou Bintou Djénéba Korotoumou Maïmouna Néné Sitan Tenin Safiatou Modibo Mamadou Oumar Abdoulaye Adama Boubacar Cheick Daouda Drissa Issa Lassana Souleymane Yacouba Youssouf'.split(
    ' ',
  )

// The n-th of a fixed sequence of figures from 0 to 1.
export const chance = (n: number): number => createHash('md5').update(String(n)).digest().readUInt32LE() / 2 ** 32
// Few families are half of a district.
export const pick = (list: string[], at: number): string => list[Math.floor(list.length * at ** 2)] ?? ''

function lineOf(n: number, alike: boolean): string {
  const person = Math.floor(n / 2) * 10
  const at = (i: number) => chance(person + i)
  const year = 2025 - Math.floor(90 * at(1) ** 1.6)
  const date = `${String((n % 28) + 1).padStart(2, '0')}/0${(n % 9) + 1}/2026`
  return [
    n,
    date,
    alike ? 'Traoré' : pick(families, at(3)),
    alike ? 'Awa' : pick(givens, at(4)),
    alike || at(0) < 0.6 ? 'F' : 'M',
    '',
    '',
    Math.min(year, 2025),
    `Village ${Math.floor(60 * at(5))}`,
    70_000_000 + Math.floor(at(2) * 9_999_999),
    'Paludisme simple',
    'B54',
    'NC',
    'Dr Diarra',
    'Médecine',
    '',
  ].join(';')
}

const headings =
  'N°;Date;Nom;Prénom;Sexe;Âge;Unité;Naissance;Village;Téléphone;Diagnostic;CIM-10;NC/AC;Prescripteur;Service;Spécialité'

/**
 * The lines `first` to `first + count - 1` of an endless register, as a CSV file of UTF-8 (about 100 bytes a line).
 * @param options alike: everybody has the same names, which is the most work for the recognition of persons
 */
export const registerFile = (first: number, count: number, { alike = false } = {}): Buffer =>
  Buffer.from([headings, ...Array.from({ length: count }, (_, i) => lineOf(first + i, alike)), ''].join('\r\n'))
