/** Its presence says that a restore into this database has not ended: nobody but a restore may use it. */
export const restoringSchema = 'sis_restoring'
