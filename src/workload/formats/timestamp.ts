/** A point of time: whole seconds since 1970 in UTC, and the nanoseconds after them. */
export interface Timestamp {
  readonly seconds: number;
  readonly ns: number;
}

const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?)?\s*(?:(Z|UTC)|([+-])(\d\d):?(\d\d))?$/i;

/**
 * Reads `2023-11-16 18:15:46.6805900` and ISO 8601, to the nanosecond. Without an offset it is UTC: a trace must not
 * change with the reader's time zone or its clock changes. Null when it is no date.
 */
export function parseDatetime(text: string): Timestamp | null {
  const match = PATTERN.exec(text.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 60) return null;
  const offset = match[9] === undefined ? 0 : (Number(match[10]) * 60 + Number(match[11])) * 60;
  const seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return {
    seconds: match[9] === '-' ? seconds + offset : seconds - offset,
    ns: Number((match[7] ?? '').padEnd(9, '0')),
  };
}

/** Days of the proleptic Gregorian calendar, counted in years that begin in March (Howard Hinnant, days_from_civil). */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function daysInMonth(year: number, month: number): number {
  const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1];
  return daysSince1970(nextYear, nextMonth, 1) - daysSince1970(year, month, 1);
}
