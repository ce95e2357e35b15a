/** Who acts when a command does: whoever has the console has the database; it stands on the record all the same. */
export const operator = { id: null, name: 'Ligne de commande', role: null }
