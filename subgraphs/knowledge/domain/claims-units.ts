/**
 * Units of measure with their size in the base unit of their dimension, so that equal amounts compare equal ("60 minutes"
 * and "1 hour") and nothing else does: decimal and binary prefixes, bits and bytes, percent and percentage points stay
 * apart. What is counted rather than measured ("5 files") is no unit; there the noun itself is compared.
 */
export type Unit = { name: string; dimension: string; size: number }

const dimensions: Readonly<Record<string, readonly (readonly [spellings: string, size: number])[]>> = {
  time: [
    ['nanosecond nanoseconds ns', 1e-9],
    ['microsecond microseconds µs us', 1e-6],
    ['millisecond milliseconds ms msec', 1e-3],
    ['second seconds s sec secs', 1],
    ['minute minutes min mins', 60],
    ['hour hours h hr hrs', 3600],
    ['day days d', 86_400],
    ['week weeks', 604_800],
  ],
  // A month has no fixed length in days.
  calendar: [
    ['month months', 1],
    ['quarter quarters', 3],
    ['year years', 12],
    ['decade decades', 120],
  ],
  clock: [
    ['am', 1],
    ['pm', 2],
  ],
  data: [
    ['byte bytes b', 1],
    ['kilobyte kilobytes kb k', 1e3],
    ['megabyte megabytes mb m', 1e6],
    ['gigabyte gigabytes gb g', 1e9],
    ['terabyte terabytes tb t', 1e12],
    ['kibibyte kibibytes kib', 2 ** 10],
    ['mebibyte mebibytes mib', 2 ** 20],
    ['gibibyte gibibytes gib', 2 ** 30],
    ['tebibyte tebibytes tib', 2 ** 40],
  ],
  bits: [
    ['bit bits', 1],
    ['kilobit kilobits kbit kbits kbps', 1e3],
    ['megabit megabits mbit mbits mbps', 1e6],
    ['gigabit gigabits gbit gbits gbps', 1e9],
  ],
  frequency: [
    ['hertz hz', 1],
    ['kilohertz khz', 1e3],
    ['megahertz mhz', 1e6],
    ['gigahertz ghz', 1e9],
  ],
  length: [
    ['millimetre millimetres millimeter millimeters mm', 1e-3],
    ['centimetre centimetres centimeter centimeters cm', 1e-2],
    ['metre metres meter meters', 1],
    ['kilometre kilometres kilometer kilometers km', 1e3],
  ],
  imperial: [
    ['inch inches', 1],
    ['foot feet', 12],
    ['mile miles', 63_360],
  ],
  mass: [
    ['milligram milligrams mg', 1e-3],
    ['gram grams', 1],
    ['kilogram kilograms kg', 1e3],
    ['tonne tonnes', 1e6],
  ],
  temperature: [['celsius °c', 1]],
  fahrenheit: [['fahrenheit °f', 1]],
  share: [['percent % percentage', 1]],
  sharePoint: [['percentage-point', 1]],
  euro: [['euro euros eur €', 1]],
  dollar: [['dollar dollars usd', 1]],
  pound: [['pound pounds gbp £', 1]],
  watt: [
    ['watt watts w', 1],
    ['kilowatt kilowatts kw', 1e3],
  ],
  volt: [['volt volts v', 1]],
  resolution: [['pixel pixels px', 1]],
}

const units = new Map<string, Unit>(
  Object.entries(dimensions).flatMap(([dimension, entries]) =>
    entries.flatMap(([spellings, size]) => {
      const names = spellings.split(' ')
      return names.map((name) => [name, { name: names[0] ?? name, dimension, size }] as const)
    }),
  ),
)

/** Spellings that are also ordinary letters or words; they are units only when they touch their number. */
const touching = /^(?:[a-z]|us|am|pm)$/u

/** @param isTouching whether nothing stands between the number and the word */
export function unitOf(word: string, isTouching: boolean): Unit | null {
  const lower = word.toLowerCase()
  if (touching.test(lower) && !isTouching && !/^[ap]m$/u.test(lower)) return null
  return units.get(lower) ?? null
}
