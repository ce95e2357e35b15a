import type { NewEstablishment } from '#tenancy'

/** The kinds of care that a demonstration establishment gives, and where in the house they are given. */
export type Care = 'general' | 'nursing' | 'children' | 'mothers' | 'surgery'

export type DemoEstablishment = NewEstablishment & {
  /** What the agent and the administrator are called. */
  agent: string
  admin: string
  families: readonly string[]
  villages: readonly string[]
  patients: number
  consultations: number
  closedOnSundays: boolean
  care: { readonly [C in Care]: { service: string; specialty: string; practitioners: readonly string[] } }
}

const mopti = [
  'Komoguel I',
  'Komoguel II',
  'Gangal',
  'Toguel',
  'Mossinkoré',
  'Taïkiri',
  'Bougoufié',
  'Sévaré',
  'Fatoma',
  'Soufouroulaye',
]
const dogon = [
  'Dolo',
  'Guindo',
  'Tapily',
  'Togo',
  'Kassogué',
  'Poudiougou',
  'Karambé',
  'Arama',
  'Djiguiba',
  'Saye',
  'Tembely',
  'Ouologuem',
]
const town = [
  'Traoré',
  'Coulibaly',
  'Diarra',
  'Keïta',
  'Touré',
  'Maïga',
  'Cissé',
  'Dembélé',
  'Diallo',
  'Sangaré',
  'Koné',
  'Sidibé',
  'Dicko',
]

/** One establishment of each level of the pyramid, around Mopti. Names of persons are invented. */
export const demoEstablishments: readonly DemoEstablishment[] = [
  {
    slug: 'sih_mopti',
    name: 'Hôpital Sominé Dolo',
    type: 'hospital',
    region: 'Mopti',
    cercle: 'Mopti',
    healthDistrict: 'Mopti',
    agent: 'Aminata Diarra',
    admin: 'Boubacar Maïga',
    families: [...town, 'Dolo', 'Guindo', 'Bocoum', 'Kampo', 'Niangaly'],
    villages: [...mopti, 'Konna', 'Bandiagara', 'Djenné', 'Ténenkou'],
    patients: 50,
    consultations: 500,
    closedOnSundays: false,
    care: {
      general: {
        service: 'Médecine générale',
        specialty: 'Médecine interne',
        practitioners: ['Dr Aminata Diarra', 'Dr Oumar Cissé'],
      },
      nursing: { service: 'Urgences', specialty: 'Médecine d’urgence', practitioners: ['Dr Seydou Niangaly'] },
      children: { service: 'Pédiatrie', specialty: 'Pédiatrie', practitioners: ['Dr Mariam Kampo'] },
      mothers: {
        service: 'Gynécologie-obstétrique',
        specialty: 'Gynécologie-obstétrique',
        practitioners: ['Dr Rokia Touré', 'Sage-femme Assitan Dembélé'],
      },
      surgery: { service: 'Chirurgie', specialty: 'Chirurgie générale', practitioners: ['Dr Modibo Sangaré'] },
    },
  },
  {
    slug: 'csref_djenne',
    name: 'CSRéf de Djenné',
    type: 'csref',
    region: 'Mopti',
    cercle: 'Djenné',
    healthDistrict: 'Djenné',
    agent: 'Hama Kontao',
    admin: 'Nana Landouré',
    // Families of the Inner Delta other than those of usual sample registers, so that an imported one finds few of its own here.
    families: [
      'Kontao',
      'Karabenta',
      'Famanta',
      'Nientao',
      'Tienta',
      'Sinenta',
      'Djenépo',
      'Landouré',
      'Kounta',
      'Barry',
      'Sow',
      'Yaro',
    ],
    villages: [
      'Djenné',
      'Sofara',
      'Senossa',
      'Mougna',
      'Madiama',
      'Kewa',
      'Taga',
      'Syn',
      'Konio',
      'Togué Mourari',
      'Fakala',
      'Femaye',
    ],
    patients: 60,
    consultations: 600,
    closedOnSundays: false,
    care: {
      general: {
        service: 'Médecine Générale',
        specialty: 'Médecine Générale',
        practitioners: ['Dr Hama Kontao', 'Dr Sira Barry'],
      },
      nursing: {
        service: 'Soins Primaires',
        specialty: 'Soins Infirmiers',
        practitioners: ['Inf. Aly Tienta', 'Inf. Awa Sow'],
      },
      children: { service: 'Pédiatrie', specialty: 'Pédiatrie', practitioners: ['Dr Sira Barry'] },
      mothers: { service: 'Maternité', specialty: 'Suivi de grossesse', practitioners: ['Sage-femme Coumba Famanta'] },
      surgery: { service: 'Petite Chirurgie', specialty: 'Chirurgie Mineure', practitioners: ['Inf. Aly Tienta'] },
    },
  },
  {
    slug: 'cscom_sangha',
    name: 'CSCOM de Sangha',
    type: 'cscom',
    region: 'Bandiagara',
    cercle: 'Sangha',
    healthDistrict: 'Bandiagara',
    agent: 'Domo Saye',
    admin: 'Yassigui Dolo',
    families: dogon,
    villages: [
      'Ogol-Leye',
      'Ogol-Da',
      'Bongo',
      'Gogoli',
      'Barou',
      'Dini',
      'Banani',
      'Ireli',
      'Tireli',
      'Youga',
      'Diamini',
      'Sangui',
    ],
    patients: 50,
    consultations: 500,
    closedOnSundays: false,
    care: {
      general: {
        service: 'Dispensaire',
        specialty: 'Soins Infirmiers',
        practitioners: ['Inf. Domo Saye', 'Inf. Hawa Arama'],
      },
      nursing: {
        service: 'Dispensaire',
        specialty: 'Soins Infirmiers',
        practitioners: ['Inf. Domo Saye', 'Inf. Hawa Arama'],
      },
      children: { service: 'Dispensaire', specialty: 'Soins Infirmiers', practitioners: ['Inf. Hawa Arama'] },
      mothers: { service: 'Maternité', specialty: 'Suivi de grossesse', practitioners: ['Matrone Yatimé Guindo'] },
      surgery: { service: 'Dispensaire', specialty: 'Soins Infirmiers', practitioners: ['Inf. Domo Saye'] },
    },
  },
  {
    slug: 'cabinet_etoile',
    name: 'Cabinet Médical Étoile',
    type: 'cabinet',
    region: 'Mopti',
    cercle: 'Mopti',
    healthDistrict: 'Mopti',
    agent: 'Souleymane Dicko',
    admin: 'Salimata Keïta',
    families: [...town, 'Dicko', 'Tamboura'],
    villages: ['Sévaré', 'Millionkin', 'Banguetaba', 'Wailirdé', 'Mopti', 'Fatoma'],
    patients: 20,
    consultations: 200,
    closedOnSundays: true,
    care: privatePractice('Dr Souleymane Dicko', 'Inf. Bintou Tamboura'),
  },
  {
    slug: 'cabinet_nando',
    name: 'Cabinet Médical Nando',
    type: 'cabinet',
    region: 'Mopti',
    cercle: 'Mopti',
    healthDistrict: 'Mopti',
    agent: 'Fanta Koné',
    admin: 'Issa Nando',
    families: [...town, 'Nando', 'Bah'],
    villages: mopti,
    patients: 20,
    consultations: 200,
    closedOnSundays: true,
    care: privatePractice('Dr Fanta Koné', 'Inf. Lassana Bah'),
  },
]

function privatePractice(doctor: string, nurse: string): DemoEstablishment['care'] {
  const consulting = { service: 'Consultation', specialty: 'Médecine générale', practitioners: [doctor] }
  const nursing = { service: 'Soins', specialty: 'Soins infirmiers', practitioners: [nurse] }
  return { general: consulting, nursing, children: consulting, mothers: consulting, surgery: nursing }
}
