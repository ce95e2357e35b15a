// Mali keeps UTC all year (Africa/Bamako, UTC+0): the day of the server's UTC clock is the day of the consultation room.

/** The present instant. */
export const now = (): Date => new Date()

/** No record is of a day before (YYYY-MM-DD): a slip of the keyboard. */
export const EARLIEST_DAY = '1900-01-01'

/** Today in Mali as YYYY-MM-DD. */
export const today = (): string => now().toISOString().slice(0, 10)
