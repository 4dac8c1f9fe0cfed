// Reading the page as a person does who cannot see it: by role and name.
import assert from 'node:assert/strict'

/// The names of everything in the picture.
export async function picture(page) {
  const graph = page.getByRole('region', { name: /^(Cluster graph|集群图)$/ }).locator('.graph__svg')
  const snapshot = await graph.ariaSnapshot()
  // A line of the snapshot is `- img "Pod web-0, no pod"`, in the quotes of YAML where the name needs them.
  return [...snapshot.matchAll(/- '?(?:img|button) "((?:[^"\\]|\\.)*)"/g)].map(match => match[1].replaceAll("''", "'"))
}

const editor = page => page.getByRole('textbox', { name: /^(Manifest|清单)$/ })

/// The text in the editor. The page is asked, since the editor draws only what is in view.
export const manifestText = page => page.evaluate(() => window.wasmBindings.session_manifest())

/// Goes into the editor, and waits until it is there.
export async function goIntoEditor(page) {
  await editor(page).click()
  await page.locator('.cm-content:focus').waitFor()
}

/// Replaces the text in the editor, as somebody does who pastes.
export async function writeManifest(page, text) {
  await goIntoEditor(page)
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

/// Steps from event to event until nothing is left to do, and gives every name that appeared in the picture, in the
/// order in which they appeared: `+ name` when it came, `- name` when it went.
export async function stepToRest(page, { limit = 600 } = {}) {
  const told = []
  let before = new Set()
  const look = async () => {
    const now = new Set(await picture(page))
    for (const name of before) if (!now.has(name)) told.push(`- ${name}`)
    for (const name of now) if (!before.has(name)) told.push(`+ ${name}`)
    before = now
  }
  await look()
  for (let step = 0; step < limit; step += 1) {
    if (await isAtRest(page)) return told
    await page.getByRole('button', { name: 'Step' }).click()
    await look()
  }
  throw new Error(`The cluster is not at rest after ${limit} steps:\n${told.join('\n')}`)
}

async function isAtRest(page) {
  return page.getByText('at rest', { exact: true }).isVisible()
}

/// Lets time run fast until nothing is left to do.
export async function runToRest(page) {
  await page.getByRole('slider', { name: 'Speed' }).fill('10')
  await page.getByRole('button', { name: 'Play' }).click()
  await page.getByText('at rest', { exact: true }).waitFor({ state: 'visible', timeout: 30_000 })
  await page.getByRole('button', { name: 'Pause' }).click()
}

/// Asserts that something matches each pattern, in this order.
export function assertOrder(told, patterns) {
  let at = 0
  for (const pattern of patterns) {
    const found = told.findIndex((line, index) => index >= at && pattern.test(line))
    assert.notEqual(found, -1, `${pattern} does not follow line ${at} of:\n${told.join('\n')}`)
    at = found + 1
  }
}

/// The lines that the last command printed.
export async function printed(page) {
  const text = await page.getByRole('log', { name: 'Answer' }).innerText()
  return text.split('\n').filter(line => line.trim() !== '')
}

/// The name of the one thing in the picture that a pattern matches.
export async function one(page, pattern) {
  const names = (await picture(page)).filter(name => pattern.test(name))
  assert.equal(names.length, 1, `${pattern} matches ${JSON.stringify(names)}`)
  return names[0]
}
