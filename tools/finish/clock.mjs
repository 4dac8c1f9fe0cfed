// A browser's timers on a clock that goes as fast as what waits for it.

/// How often a browser paints, in milliseconds.
const FRAME = 16

/// `settle` waits until no promise is left to be followed.
export function makeClock(settle) {
  let now = 0
  let number = 0
  const waiting = new Map()
  const add = (run, after, again) => {
    waiting.set(++number, { run, at: now + Math.max(1, after || 0), again })
    return number
  }
  const cancel = id => waiting.delete(id)
  const first = () => [...waiting].reduce((one, other) => (other[1].at < one[1].at ? other : one))
  return {
    now: () => now,
    functions: {
      setTimeout: (run, after, ...args) => add(() => run(...args), after),
      setInterval: (run, after, ...args) => add(() => run(...args), after, after),
      requestAnimationFrame: run => add(() => run(now), FRAME - (now % FRAME)),
      clearTimeout: cancel,
      clearInterval: cancel,
      cancelAnimationFrame: cancel,
    },
    /// Lets time pass.
    async runUntil(end) {
      await settle()
      while (waiting.size > 0) {
        const [id, timer] = first()
        if (timer.at > end) break
        now = Math.max(now, timer.at)
        if (timer.again === undefined) waiting.delete(id)
        else timer.at = now + Math.max(1, timer.again)
        timer.run()
        await settle()
      }
    },
  }
}
