const thousands = ['', 'k', 'M', 'G', 'T'] as const

/** At most five characters: `0`, `950`, `1.2k`, `13M`. */
export function shortCount(count: number): string {
  let value = Math.max(0, count)
  let step = 0
  // 999.5 and more would show as 1000.
  while (value >= 999.5 && step < thousands.length - 1) {
    value /= 1_000
    step++
  }
  const isWhole = step === 0 || value >= 9.95
  return `${isWhole ? Math.round(value) : value.toFixed(1)}${thousands[step]}`
}

/** With separators: `1,234,567`. */
export function longCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Four characters at most: `0 %` to `100 %` without the space. */
export function percent(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`
}

/** `0.4 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function elapsed(durationMs: number): string {
  const seconds = durationMs / 1_000
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** In powers of 1024: `0 B`, `950 B`, `1.2 KB`, `29.9 MB`. */
export function byteSize(bytes: number): string {
  let value = bytes
  let step = 0
  while (value >= 1_023.95 && step < byteUnits.length - 1) {
    value /= 1_024
    step++
  }
  return `${step === 0 ? value : value.toFixed(1)} ${byteUnits[step]}`
}

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB'] as const
