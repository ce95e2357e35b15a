/** Each column with the ways in which registers head it; the first is the name that we write ourselves. */
export type Headings = Readonly<Record<string, readonly string[]>>

// The columns of every register: compared without capitals, accents and punctuation, so that "N°", "n°" and "No" or
// "Âge (ans)" need no entries of their own. The first is the name we write ourselves.
export const sharedHeadings = {
  number: [
    'N°',
    'No',
    'Num',
    'Numéro',
    'N° ordre',
    "N° d'ordre",
    "Numéro d'ordre",
    'N° registre',
    'N° de registre',
    'Ordre',
  ],
  familyName: ['Nom', 'Noms', 'Nom de famille', 'Nom du patient', 'Nom patient', 'Nom du malade'],
  givenName: ['Prénom', 'Prénoms', 'Prénom(s)', 'Prénom du patient', 'Prénom patient', 'Prénoms du malade'],
  sex: ['Sexe', 'Genre', 'Sexe (M/F)', 'M/F'],
  age: ['Âge', 'Âge (ans)', 'Âge en années', 'Âge du patient'],
  ageUnit: ['Unité', "Unité d'âge", "Unité de l'âge", 'Unité âge', 'Âge unité'],
  birth: [
    'Naissance',
    'Date de naissance',
    'Année de naissance',
    'Né le',
    'Née le',
    'Né(e) le',
    'DDN',
    'Date naissance',
  ],
  village: [
    'Village/Quartier',
    'Village',
    'Quartier',
    'Quartier/Village',
    'Résidence',
    'Adresse',
    'Provenance',
    'Localité',
    'Domicile',
  ],
  phone: [
    'Téléphone',
    'Tél',
    'Tel.',
    'N° téléphone',
    'N° de téléphone',
    'Numéro de téléphone',
    'N° tél',
    'Contact',
    'Portable',
    'Mobile',
  ],
  phoneOwner: ['Propriétaire du téléphone', 'Téléphone de', 'Titulaire du téléphone'],
  motherName: ['Mère', 'Nom de la mère', 'Nom et prénom de la mère', 'Mère du patient'],
  nina: ['NINA', 'N° NINA', 'Numéro NINA'],
  amoNumber: ['AMO', 'N° AMO', 'Numéro AMO'],
  codes: ['CIM-10', 'CIM10', 'Code CIM-10', 'Code CIM10', 'Code CIM', 'CIM', 'Code'],
  service: ['Service', 'Services', 'Unité de soins'],
  id: ['Identifiant'],
  // Written by us into files that come back: read by nobody.
  ignored: [
    'Motif du refus',
    'N° dossier',
    'Masqué',
    'Masquée',
    'Créé le',
    'Modifié le',
    'Allergies',
    'Dossier sensible',
  ],
} as const satisfies Headings

/** What a list may have besides its columns: our own additions, and numbers of order. */
export const listIgnored = [...sharedHeadings.ignored, ...sharedHeadings.number]

export type SharedColumn = keyof typeof sharedHeadings

export const headingOf = (column: SharedColumn): string => sharedHeadings[column][0]
