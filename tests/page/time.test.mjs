// Going through time: back and forth, by event, on branches, and with a second cluster on the same clock.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { goIntoEditor, one, picture, runToRest } from './reading.mjs'

let page
let server
onOwnPages(given => ({ page, server } = given))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const slider = () => page.getByRole('slider', { name: 'Timeline' })
const clock = () => page.getByRole('group', { name: 'Clock' })
const branches = () => page.getByRole('button', { name: /^Branch \d of \d$/ })
const tree = () => page.getByRole('dialog', { name: 'Branches' })

/// Opens the tree of branches.
async function openTree() {
  if (!(await tree().isVisible())) await branches().click()
  await tree().waitFor()
}

async function enterBranch(number) {
  await openTree()
  await tree().getByRole('button', { name: new RegExp(`^${number} · `) }).click()
  await branches().and(page.getByRole('button', { name: `Branch ${number} of` })).waitFor()
}

/// The time, and how many events have happened of how many that are known.
async function spot() {
  const text = await slider().getAttribute('aria-valuetext')
  const [, time, passed, known] = text.match(/^([\d:.]+), (\d+) of (\d+) events$/)
  return { time, passed: Number(passed), known: Number(known) }
}

async function scale(replicas) {
  const field = page.getByRole('spinbutton', { name: 'Replicas' })
  await field.fill(String(replicas))
  await field.press('Enter')
}

async function setImage(image) {
  await page.getByRole('textbox', { name: 'Image' }).fill(image)
  await press('Set image')
}

const compareWith = setting => page.getByRole('combobox', { name: 'Compare with' }).selectOption(setting)
const beside = () => page.getByRole('region', { name: /^Beside: / })

/// The names of everything in the picture of the second cluster.
async function namesBeside() {
  const snapshot = await beside().ariaSnapshot()
  return [...snapshot.matchAll(/(?:img|button) "((?:[^"\\]|\\.)*)"/g)].map(match => match[1])
}

/// A set of two that is scaled to three, at rest.
async function scaled() {
  await press('Apply')
  await runToRest(page)
  await scale(3)
  await runToRest(page)
}

const ready = count => one(page, new RegExp(`^StatefulSet julin/web, ${count} of ${count} ready`))

describe('Time', () => {
  it('goes back to the beginning, and forward to the same end', async () => {
    await scaled()
    const end = await picture(page)
    const { known, passed } = await spot()
    assert.ok(known > 50 && passed === known, `${passed} of ${known}`)
    await slider().focus()
    await page.keyboard.press('Home')
    assert.deepEqual(await picture(page), [])
    assert.deepEqual(await spot(), { time: '0:01.0', passed: 0, known })
    await page.keyboard.press('End')
    assert.deepEqual(await picture(page), end)
    assert.equal((await spot()).passed, known)
  })

  it('is dragged to any moment, and follows the known future from there', async () => {
    await scaled()
    const end = await picture(page)
    const box = await slider().boundingBox()
    const drag = async share => {
      await page.mouse.move(box.x + box.width * share, box.y + box.height / 2)
      await page.mouse.down()
      await page.mouse.up()
    }
    await drag(0.2)
    const { known, passed } = await spot()
    assert.ok(passed > 0 && passed < known, `${passed} of ${known}`)
    assert.notDeepEqual(await picture(page), end)
    // The cluster rests before the second command, which is followed too.
    await press('Play')
    const all = `, ${known} of ${known} events`
    const isThere = all => document.querySelector('.timeline__slider').getAttribute('aria-valuetext').endsWith(all)
    await page.waitForFunction(isThere, all)
    await press('Pause')
    assert.deepEqual(await picture(page), end)
    assert.equal((await spot()).known, known)
    assert.equal(await branches().count(), 0, 'to look at the past changes nothing')
  })

  it('steps back and forth by event, all of them or those of a filter', async () => {
    await scaled()
    const { known } = await spot()
    await press('Previous event')
    assert.equal((await spot()).passed, known, 'first to the last event, before the rest')
    await press('Previous event')
    const back = await spot()
    assert.ok(back.passed < known)
    const there = await picture(page)
    await press('Previous event')
    assert.ok((await spot()).passed < back.passed)
    await press('Step')
    assert.deepEqual(await spot(), back)
    assert.deepEqual(await picture(page), there)

    await page.getByRole('searchbox', { name: 'Filter events' }).fill('pod web-1 started')
    await press('Previous event')
    assert.match(await clock().innerText(), /web-1 (Started|Updated)/)
    await one(page, /^Pod web-1, Running/)
    await press('Previous event')
    assert.equal((await spot()).passed, 0)
    await slider().press('ArrowRight')
    assert.match(await clock().innerText(), /web-1 (Started|Updated)/)
  })

  it('plays backwards to the beginning', async () => {
    await scaled()
    await press('Backwards')
    await page.waitForFunction(() => document.querySelector('.clock time').textContent === '0:01.0')
    await clock().getByRole('button', { name: 'Play', exact: true }).waitFor()
    assert.deepEqual(await picture(page), [])
  })

  it('forks where somebody acts in the past, and the old future stays', async () => {
    await press('Apply')
    await runToRest(page)
    await scale(4)
    await runToRest(page)
    await page.getByRole('searchbox', { name: 'Filter events' }).fill('pod web-1 started')
    await press('Previous event')
    await scale(1)
    await runToRest(page)
    await ready(1)
    await openTree()
    const options = await tree().getByRole('button').allInnerTexts()
    assert.equal(options.length, 2)
    assert.match(options[0], /^1 · from 0:0\d\.\d · kubectl apply$/)
    assert.match(options[1], /^2 · from 0:\d\d\.\d · kubectl scale statefulset web -n julin --replicas=1$/)
    await enterBranch(1)
    await ready(4)
    await enterBranch(2)
    await ready(1)
    // Both branches and the place are in the log, which rebuilds the same state.
    const log = JSON.parse(await page.evaluate(() => window.wasmBindings.session_log()))
    assert.deepEqual([log.branch, log.forks.length, log.forks[0].of], [1, 1, 0])
    const [now, hash] = (await page.evaluate(() => window.wasmBindings.session_hash())).split(' ')
    assert.equal(log.place.at, Number(now))
    const again = await page.evaluate(
      ([log, now]) => window.wasmBindings.replay_hash(log, Number(now)),
      [JSON.stringify(log), now],
    )
    assert.equal(again, hash)
  })

  it('shows the branches as a tree', async () => {
    await press('Apply')
    await runToRest(page)
    // The second branch leaves the first one, the third one leaves the second, the fourth one the first.
    for (const [from, replicas] of [[1, 4], [2, 3], [1, 1]]) {
      if (replicas !== 4) await enterBranch(from)
      await page.keyboard.press('Escape')
      if (from === 1) await slider().press('Home')
      for (let back = 0; from === 2 && back < 6; back += 1) await press('Previous event')
      for (let step = 0; from === 1 && step < 6; step += 1) await press('Step')
      await scale(replicas)
      await runToRest(page)
    }
    await openTree()
    const shape = await tree().evaluate(element => {
      const read = list => [...(list?.children ?? [])].map(item => [parseInt(item.innerText), ...read(item.querySelector(':scope > ul'))])
      return read(element.querySelector('ul'))
    })
    assert.deepEqual(shape, [[1, [2, [3]], [4]]])
    assert.equal(await tree().locator('[aria-current=true]').innerText().then(parseInt), 4)
  })

  it('does not rest before a command that is known', async () => {
    await scaled()
    const rest = page.getByText('at rest', { exact: true })
    assert.ok(await rest.isVisible())
    await page.getByRole('searchbox', { name: 'Filter events' }).fill('pod web-1 started')
    await press('Previous event')
    await page.getByRole('searchbox', { name: 'Filter events' }).fill('')
    for (let step = 0; step < 30 && (await spot()).passed < (await spot()).known; step += 1) {
      assert.ok(!(await rest.isVisible()), `at ${JSON.stringify(await spot())}`)
      await press('Step')
    }
  })

  it('tells in the log what happens in either of two clusters, on one time line', async () => {
    // The second one comes when the first has run already.
    await press('Apply')
    await runToRest(page)
    const list = page.getByRole('list', { name: 'What happened' })
    const lines = list.getByRole('listitem')
    assert.equal(await lines.filter({ hasText: /as it is|other cluster/ }).count(), 0)
    await compareWith('podManagementPolicy: Parallel')
    await scale(4)
    await runToRest(page)
    // The earlier lines are drawn when somebody looks for them.
    const few = await lines.count()
    for (let before = 0; before < (await lines.count()); ) {
      before = await lines.count()
      await list.evaluate(list => list.scrollTo(0, 0))
      await page.waitForTimeout(200)
    }
    assert.ok(few === 60 && (await lines.count()) > 60, `${few}, then ${await lines.count()}`)
    const told = (await lines.allInnerTexts()).map(line => line.split('\n'))
    const times = told.map(([time]) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0))
    assert.deepEqual(times, [...times].sort((a, b) => a - b))
    const sides = told.map(line => line.join(' ').match(/as it is|other cluster/)?.[0])
    assert.deepEqual([...new Set(sides)].sort(), ['as it is', 'other cluster'])
    const created = lines.filter({ hasText: /SuccessfulCreate\s*Create Pod web-1/ })
    assert.equal(await created.count(), 2)
    for (const side of ['as it is', 'other cluster']) assert.equal(await created.filter({ hasText: side }).count(), 1)
    await list.evaluate(list => list.scrollTo(0, list.scrollHeight))
    await page.waitForFunction(() => document.querySelectorAll('.log__line').length === 60)
    await compareWith('nothing')
    assert.equal(await lines.filter({ hasText: /as it is|other cluster/ }).count(), 0)
  })

  it('has a mark for every event, by object, and those of a filter alone', async () => {
    await scaled()
    // The marks of each lane, by the lane's name.
    const marks = async () => {
      const names = await page.locator('.timeline__names li').allInnerTexts()
      const paths = await page.locator('.timeline__marks g').evaluateAll(lanes => lanes.map(lane => [...lane.querySelectorAll('path')].map(path => path.getAttribute('d')).join('')))
      return Object.fromEntries(names.map((name, at) => [name, paths[at].length]))
    }
    const all = await marks()
    assert.deepEqual(Object.keys(all), ['you', 'web', 'web-0', 'web-1', 'web-2', 'others'])
    for (const [name, length] of Object.entries(all)) assert.ok(length > 0, name)
    await page.getByRole('searchbox', { name: 'Filter events' }).fill('pod web-1')
    await page.waitForFunction(() => [...document.querySelectorAll('.timeline__marks g')].filter(lane => [...lane.querySelectorAll('path')].some(path => path.getAttribute('d'))).length < 4)
    const some = await marks()
    assert.ok(some['web-1'] > 0 && some['web-1'] < all['web-1'], JSON.stringify(some))
    // A lane without a mark is not there.
    for (const name of ['web-0', 'web-2', 'others']) assert.ok(!some[name], name)
  })

  it('has a speed on a logarithmic scale', async () => {
    const speed = page.getByRole('slider', { name: 'Speed' })
    const values = []
    for (let at = 0; at <= Number(await speed.getAttribute('max')); at += 1) {
      await speed.fill(String(at))
      values.push(await speed.getAttribute('aria-valuetext'))
    }
    assert.equal(values.pop(), 'as fast as possible')
    const numbers = values.map(value => Number(value.replace('×', '')))
    assert.deepEqual([numbers[0], numbers.at(-1)], [0.1, 1000])
    for (let at = 1; at < numbers.length; at += 1) assert.ok(numbers[at] / numbers[at - 1] >= 2 && numbers[at] / numbers[at - 1] <= 10, `${numbers}`)
  })

  it('gives both pictures room for whole columns, scrolls them together, and looks closely into either', async () => {
    await press('Apply')
    await runToRest(page)
    await compareWith('podManagementPolicy: Parallel')
    await scale(4)
    await runToRest(page)
    const pictures = page.locator('.graph__scroll')
    for (const picture of await pictures.all()) {
      const [room, needed] = await picture.evaluate(picture => [picture.clientHeight, picture.querySelector('svg').clientHeight])
      assert.ok(room >= needed, `${room} of ${needed} pixels`)
    }
    await pictures.nth(1).evaluate(picture => picture.scrollTo(150, 0))
    await page.waitForFunction(() => document.querySelector('.graph__scroll').scrollLeft === 150)
    // What is asked about the second cluster is answered by it.
    await press('Previous event')
    while (!(await beside().getByRole('button', { name: /^Pod web-3, Running, 1\/1/ }).count() && await page.getByRole('button', { name: /^Pod web-3, no pod/ }).count())) {
      await press('Previous event')
    }
    const details = page.getByRole('region', { name: 'Details' })
    await beside().getByRole('button', { name: /^Pod web-3,/ }).click()
    assert.match(await details.innerText(), /other cluster[\s\S]*Status\s+Running 1\/1/)
    await page.getByRole('region', { name: 'Cluster graph' }).getByRole('button', { name: /^Pod web-3,/ }).click()
    assert.doesNotMatch(await details.innerText(), /other cluster|Running 1\/1/)
  })

  for (const [setting, change, here, there] of [
    ['whenDeleted, whenScaled: Delete', () => scale(1), /^Claim www-web-1, .*, will be used again by web-1/, /^(?!Claim www-web-1)/],
    ['partition: 1', () => setImage('nginx:1.29'), /^Pod web-0, Running, .*, Revision (?!857f4d7879)\w+/, /^Pod web-0, Running, .*, Revision 857f4d7879, current/],
    ['updateStrategy: OnDelete', () => setImage('nginx:1.29'), /^Pod web-1, Running, .*, Revision (?!857f4d7879)\w+/, /^Pod web-1, Running, .*, Revision 857f4d7879, current/],
  ]) {
    it(`compares with ${setting}`, async () => {
      await press('Apply')
      await runToRest(page)
      await compareWith(setting)
      await change()
      await runToRest(page)
      assert.ok((await picture(page)).some(name => here.test(name)), (await picture(page)).join('\n'))
      const names = await namesBeside()
      assert.ok(names.some(name => there.test(name)) && !names.some(name => here.test(name)), names.join('\n'))
    })
  }

  it('compares two settings of a gate', async () => {
    await goIntoEditor(page)
    const text = await page.evaluate(() => window.wasmBindings.session_manifest())
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(text.replace('  replicas: 2', '  replicas: 4\n  updateStrategy:\n    rollingUpdate: {maxUnavailable: 2}'))
    await press('Apply')
    await runToRest(page)
    await compareWith('MaxUnavailableStatefulSet=false')
    await setImage('nginx:1.29')
    let [most, mostBeside] = [0, 0]
    const count = names => names.filter(name => /^Pod web-\d, Terminating/.test(name)).length
    for (let step = 0; step < 40; step += 1) {
      await press('Step')
      most = Math.max(most, count(await picture(page)))
      mostBeside = Math.max(mostBeside, count(await namesBeside()))
    }
    assert.deepEqual([most, mostBeside], [2, 1])
  })

  it('compares with the manifest in the editor, also where a line applies its file', async () => {
    await goIntoEditor(page)
    const text = await page.evaluate(() => window.wasmBindings.session_manifest())
    const write = async text => {
      await goIntoEditor(page)
      await page.keyboard.press('Control+A')
      await page.keyboard.insertText(text)
    }
    await press('Terminal 1')
    const line = page.getByRole('combobox', { name: 'Line for terminal 1' }).or(page.getByRole('textbox', { name: 'Line for terminal 1' }))
    await line.fill('kubectl apply -f statefulset-web.yaml')
    await line.press('Enter')
    await runToRest(page)
    await write(text.replace('replicas: 2', 'replicas: 3'))
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('the manifest that is in the editor')
    await ready(2)
    const beside = page.getByRole('region', { name: 'Beside: the manifest that is in the editor' })
    await beside.getByRole('button', { name: /^StatefulSet julin\/web, 3 of 3 ready/ }).waitFor()
  })

  it('undoes with Ctrl+Z outside of texts, and does again', async () => {
    await scaled()
    await page.locator('body').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('Control+z')
    await clock().getByText('Undone: kubectl scale statefulset web -n julin --replicas=3').waitFor()
    await ready(2)
    await press('Redo')
    await clock().getByText(/^Done again: kubectl scale/).waitFor()
    await runToRest(page)
    await ready(3)
    await press('Undo')
    await runToRest(page)
    await ready(2)
    assert.equal(await branches().getAttribute('aria-label'), 'Branch 2 of 2', 'time went on without the command')

    const before = await spot()
    await goIntoEditor(page)
    await page.keyboard.insertText('x')
    await page.keyboard.press('Control+z')
    assert.deepEqual(await spot(), before, 'a text has an undo of its own')
  })

  it('has terminals travel, too', async () => {
    await press('Apply')
    await runToRest(page)
    await scale(3)
    const terminal = page.getByRole('log', { name: 'Terminal 1' })
    await terminal.getByText('statefulset.apps/web scaled').waitFor()
    await press('Undo')
    assert.doesNotMatch(await terminal.innerText(), /scaled/)
    await press('Redo')
    assert.match(await terminal.innerText(), /scaled/)
  })

  it('shows two clusters on one clock, and marks what differs', async () => {
    await press('Apply')
    await runToRest(page)
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('podManagementPolicy: Parallel')
    const beside = page.getByRole('region', { name: 'Beside: podManagementPolicy: Parallel' })
    await beside.waitFor()
    const names = async () => {
      const snapshot = await beside.ariaSnapshot()
      return [...snapshot.matchAll(/(?:img|button) "((?:[^"\\]|\\.)*)"/g)].map(match => match[1])
    }
    const differs = list => list.filter(name => /, (differs from the other cluster|only in this cluster)$/.test(name))
    assert.deepEqual([differs(await picture(page)), differs(await names())].map(list => list.length > 1), [false, false])
    await slider().focus()
    await page.keyboard.press('Home')
    for (let step = 0; step < 12; step += 1) await page.keyboard.press('ArrowRight')
    const pods = list => list.filter(name => /^Pod web-1, Pending/.test(name))
    const [left, right] = [await picture(page), await names()]
    assert.deepEqual([pods(left).length, pods(right).length], [0, 1], 'the Parallel set has started both pods')
    assert.match(pods(right)[0], /, differs from the other cluster$/)
    assert.ok(await beside.getByText('≠').count() > 0, 'told by more than colour')
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('nothing')
    await beside.waitFor({ state: 'detached' })
    assert.deepEqual(differs(await picture(page)), [])
  })

  it('is moved by touch on a phone', async () => {
    const phone = await server.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
    page = phone.page
    await page.getByRole('button', { name: 'Pause' }).tap()
    await page.getByRole('button', { name: 'Apply', exact: true }).tap()
    await runToRest(page)
    const { known } = await spot()
    await page.getByRole('button', { name: 'Undo', exact: true }).tap()
    assert.equal((await spot()).passed, 0)
    await slider().scrollIntoViewIfNeeded()
    const box = await slider().boundingBox()
    await page.touchscreen.tap(box.x + box.width * 0.1, box.y + box.height / 2)
    const { passed } = await spot()
    assert.ok(passed > 0 && passed < known, `${passed} of ${known}`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `the page is ${wide} pixels wide`)
    assert.deepEqual(phone.faults, [])
    await page.context().close()
  })
})
