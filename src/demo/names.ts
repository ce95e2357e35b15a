// Given names heard in all the country, whatever the family's language.
export const givenNames = {
  F: [
    'Aïssata', 'Aminata', 'Awa', 'Assitan', 'Bintou', 'Coumba', 'Djénéba', 'Fanta', 'Fatoumata', 'Fatimata', 'Hawa', 'Kadiatou',
    'Korotoumou', 'Maïmouna', 'Mariam', 'Nana', 'Niélé', 'Oumou', 'Ramata', 'Rokia', 'Safiatou', 'Salimata', 'Sira', 'Sitan',
    'Tenin', 'Yassigui', 'Yatimé', 'Zeïnabou',
  ],
  M: [
    'Abdoulaye', 'Adama', 'Alpha', 'Aly', 'Amadou', 'Antimé', 'Baba', 'Bakary', 'Boubacar', 'Domo', 'Drissa', 'Hama', 'Hamidou',
    'Ibrahima', 'Issa', 'Lassana', 'Mahamadou', 'Mamadou', 'Modibo', 'Moussa', 'Nouhoum', 'Oumar', 'Ousmane', 'Seydou', 'Sékou',
    'Souleymane', 'Yacouba', 'Youssouf',
  ],
} as const // prettier-ignore
