// Typing into the page's terminals as a person does, and reading what they print.
import assert from 'node:assert/strict'

/// The first two terminals of a page, opened.
export async function openTerminals(page) {
  await page.getByRole('button', { name: 'Terminal 1', exact: true }).click()
  await page.getByRole('button', { name: 'New terminal', exact: true }).click()
  return terminals(page)
}

/// The first two terminals of a page on which time runs fast: each line is followed until the cluster is at rest.
export async function openFastTerminals(page) {
  await page.getByRole('slider', { name: 'Speed' }).fill('9')
  const { run: runOnly, ...others } = await openTerminals(page)
  const run = async line => {
    const printed = await runOnly(line)
    await page.getByText('at rest', { exact: true }).waitFor({ state: 'visible', timeout: 30_000 })
    return printed
  }
  const says = async (line, expected) => assert.deepEqual(await run(line), expected, line)
  return { ...others, run, says }
}

/// The terminals of a page, by their numbers from 1.
export function terminals(page) {
  const prompt = number => page.getByRole('textbox', { name: `Line for terminal ${number}`, exact: true })
  const region = number => page.getByRole('region', { name: `Terminal ${number}`, exact: true })

  /// What stands in a terminal, without the prompts, which are drawn and not copied.
  const text = number => page.getByRole('log', { name: `Terminal ${number}`, exact: true }).innerText()

  /// Waits until nothing runs in a terminal.
  const isFree = number => region(number).getByText('$ ', { exact: true }).waitFor({ timeout: 20_000 })

  async function type(number, line) {
    await prompt(number).fill(line)
    await prompt(number).press('Enter')
  }

  /// What a line printed, once it has ended: line by line, two or more blanks as two.
  async function run(line, { number = 1 } = {}) {
    const before = await text(number)
    await type(number, line)
    await isFree(number)
    const after = await text(number)
    assert.ok(after.startsWith(before), after)
    const printed = after.slice(before.length).trim().split('\n').slice(1)
    return printed.map(row => row.replace(/ {2,}/g, '  ').trimEnd())
  }

  /// Watches the pods in the second terminal while something is done, and gives name, READY and STATUS of each row,
  /// without repeats.
  async function watched(watch, work) {
    const before = await text(2)
    await type(2, watch)
    await work()
    await prompt(2).press('Control+c')
    await isFree(2)
    const rows = (await text(2)).slice(before.length).trim().split('\n').slice(1)
    const told = rows.map(row => row.split(/ +/).slice(0, 3).join(' ')).filter(row => /^web-/.test(row))
    return told.filter((row, i) => row !== told[i - 1])
  }

  return { prompt, text, isFree, type, run, watched }
}

/// The first columns of a table's rows.
export const columns = (rows, count) => rows.map(row => row.split('  ').slice(0, count).join(' '))

/// Asserts that these rows stand in this order, whatever is between them.
export function assertRows(rows, ...wanted) {
  let at = -1
  for (const row of wanted) {
    const next = rows.findIndex((found, i) => i > at && found === row)
    assert.ok(next > at, `${row} does not follow in:\n${rows.join('\n')}`)
    at = next
  }
}

/// Opens a shell in a pod of busybox, asks for names, and leaves it. Gives what it printed.
export async function lookUp(page, { type, isFree, text }, flags, names) {
  const before = await text(1)
  await type(1, `kubectl run ${flags}`)
  await page.waitForFunction(
    from => /\/ #/.test(document.querySelector('.terminal__text').textContent.slice(from)) ||
      /\/ # $/.test(document.querySelector('.terminal__text').textContent),
    before.length,
  )
  for (const name of names) await type(1, `nslookup ${name}`)
  await type(1, 'exit')
  await isFree(1)
  return (await text(1)).slice(before.length)
}

/// The names and addresses of pods in what nslookup printed.
export const addresses = answer =>
  [...answer.matchAll(/Address 1: (10\.244\.\d+\.\d+) (web-\d)\.nginx\.\w+\.svc\.cluster\.local/g)].map(m => [m[2], m[1]])
