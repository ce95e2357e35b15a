/** At most so many patients are told as seen no more at once. */
export const MOST_WITHDRAWN = 10_000
