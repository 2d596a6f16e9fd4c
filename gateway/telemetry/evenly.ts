// Says of so many of a hundred that they are chosen, evenly spread.
export function createEvenChoice(percent: number): () => boolean {
  let credit = 0
  return () => {
    credit += percent
    if (credit < 100) return false
    credit -= 100
    return true
  }
}
