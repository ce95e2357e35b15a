import type { ErrorEntry } from '../../shared/error-catalogue.ts'
import { text } from '../../shared/text.ts'

export const errors = {
  import_columns_missing: {
    status: 400,
    title: text('Colonnes manquantes', 'Columns missing'),
    detail: text(
      'Le registre n’a pas toutes les colonnes nécessaires : voyez « errors ». Rien n’a été enregistré.',
      'The register lacks columns that are needed: see "errors". Nothing was stored.',
    ),
  },
  import_register_unclear: {
    status: 400,
    title: text('Quel registre ?', 'Which register?'),
    detail: text(
      'Les titres des colonnes ne disent pas de quel registre il s’agit : précisez « register » (voyez « errors »). Rien n’a été enregistré.',
      'The headings do not tell which register this is: say so with "register" (see "errors"). Nothing was stored.',
    ),
  },
  import_file_empty: {
    status: 400,
    title: text('Fichier vide', 'Empty file'),
    detail: text('Le fichier ne contient aucune ligne.', 'The file holds no line.'),
  },
  import_file_missing: {
    status: 400,
    title: text('Fichier absent', 'File missing'),
    detail: text(
      'Joignez le registre dans le champ « file » d’un formulaire (multipart/form-data).',
      'Attach the register in the field "file" of a form (multipart/form-data).',
    ),
  },
  import_not_found: {
    status: 404,
    title: text('Import introuvable', 'Import not found'),
    detail: text(
      "Cet import n'existe pas dans votre établissement.",
      'This import does not exist in your establishment.',
    ),
  },
  import_not_text: {
    status: 400,
    title: text('Pas un fichier CSV', 'Not a CSV file'),
    detail: text(
      'Ce fichier n’est pas du texte : enregistrez le registre au format « CSV UTF-8 (délimité par des points-virgules) ».',
      'This file is not text: save the register in the format "CSV UTF-8 (semicolon delimited)".',
    ),
  },
  import_quote_open: {
    status: 400,
    title: text('Guillemet non fermé', 'Quote not closed'),
    detail: text(
      'Un guillemet ouvert n’est jamais fermé : rien n’a été enregistré.',
      'A quote is opened and never closed: nothing was stored.',
    ),
  },
  import_running: {
    status: 409,
    title: text('Import en cours', 'Import running'),
    detail: text(
      'Un autre registre de l’établissement est en cours d’import : recommencez dans un instant.',
      'Another register of the establishment is being imported: try again in a moment.',
    ),
  },
  import_spreadsheet: {
    status: 415,
    title: text('Classeur au lieu d’un CSV', 'Workbook instead of CSV'),
    detail: text(
      'C’est un classeur de tableur : ouvrez-le, puis « Enregistrer sous », type « CSV UTF-8 (délimité par des points-virgules) », et envoyez ce fichier-là.',
      'This is a spreadsheet workbook: open it, "Save as", type "CSV UTF-8 (semicolon delimited)", and send that file.',
    ),
  },
  import_too_many_lines: {
    status: 413,
    title: text('Registre trop long', 'Register too long'),
    detail: text(
      'Un fichier compte au plus 100 000 lignes : découpez-le, par exemple par année.',
      'A file has at most 100,000 lines: split it, for example by year.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>
