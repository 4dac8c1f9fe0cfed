// Everything that can be made to go wrong: on the object itself and in the terminal, with the same effect.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { manifestText, one, picture, runToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(given => ({ page, server } = given))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const rail = () => page.getByRole('complementary', { name: 'Nodes and storage' })
const card = name => page.getByRole('button', { name })

async function applied(change = text => text) {
  await writeManifest(page, change(await manifestText(page)))
  await press('Apply')
  await runToRest(page)
}

/// Does what the menu of a thing in the picture offers.
async function choose(thing, item) {
  await card(thing).first().click({ button: 'right' })
  const named = { name: item, exact: true }
  const menu = page.getByRole('menu')
  await menu.getByRole('menuitem', named).or(menu.getByRole('menuitemcheckbox', named)).click()
}

async function type(line) {
  const named = { name: 'Line for terminal 1' }
  const field = page.getByRole('combobox', named).or(page.getByRole('textbox', named))
  if (!(await field.isVisible())) await press('Terminal 1')
  await field.fill(line)
  await field.press('Enter')
}

/// The last line that was run, from the log of commands.
async function lastLine() {
  const log = JSON.parse(await page.evaluate(() => window.wasmBindings.session_log()))
  const commands = [...log.commands, ...(log.forks ?? []).flatMap(fork => fork.commands)]
  return commands.map(({ command }) => command.run?.line).filter(Boolean).at(-1)
}

/// Steps from event to event until the page has something of a name, in the picture or at its side.
async function stepTo(pattern, limit = 400) {
  const there = card(pattern)
  for (let step = 0; step < limit; step += 1) {
    if ((await there.count()) > 0) return
    await press('Step')
  }
  throw new Error(`${pattern} does not come:\n${(await picture(page)).join('\n')}`)
}

/// What a menu does, and then a line that is typed, has the same effect. `then` gives one command more.
async function bothWays({ thing, item, line, effect, then }) {
  for (const way of ['menu', 'terminal']) {
    if (way === 'menu') {
      await choose(thing, item)
      assert.equal(await lastLine(), line, 'the menu runs the line')
    } else {
      await type(line)
    }
    await then?.()
    await stepTo(effect)
    if (then) await press('Undo')
    await press('Undo')
    assert.equal(await card(effect).count(), 0, 'it has not happened')
  }
}

describe('In a pod', () => {
  const web0 = /^Pod web-0,/
  const lost = async () => {
    await type('kubectl delete pod web-0 -n julin --wait=false')
    await stepTo(/^Pod web-0, Terminating/)
  }

  it('containers are killed', async () => {
    await applied()
    const line = 'fault pod web-0 kill -n julin'
    await bothWays({ thing: web0, item: 'Kill the containers', line, effect: /^Pod web-0, (Error|CrashLoopBackOff|Running), 0\/1/ })
  })

  it('readiness fails', async () => {
    await applied()
    const line = 'fault pod web-0 not-ready -n julin'
    await bothWays({ thing: web0, item: 'Fail readiness', line, effect: /^Pod web-0, Running, 0\/1/ })
  })

  it('liveness fails', async () => {
    const probe = '        image: nginx\n        livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 3}'
    const text = await manifestText(page)
    // Probes go on for ever, so such a set never rests.
    await writeManifest(page, text.replace('        image: nginx', probe))
    await press('Apply')
    await stepTo(/^Pod web-1, Running, 1\/1/)
    const line = 'fault pod web-0 liveness -n julin'
    await choose(web0, 'Fail liveness')
    assert.equal(await lastLine(), line)
    await page.getByRole('slider', { name: 'Speed' }).fill('6')
    await press('Play')
    await page.getByText(/Liveness probe failed/).first().waitFor()
    await page.getByText(/^↻[1-9]/).first().waitFor()
    await press('Pause')
    await type(line.replace(' -n', ' off -n'))
    await stepTo(/^Pod web-0, Running, 1\/1/)
  })

  it('a container crashes again and again', async () => {
    await applied()
    const line = 'fault pod web-0 crash -n julin'
    await bothWays({ thing: web0, item: 'Crash loop', line, effect: /^Pod web-0, CrashLoopBackOff, 0\/1/ })
  })

  it('an image does not pull', async () => {
    await applied()
    const line = 'fault pod web-0 image -n julin'
    await bothWays({ thing: web0, item: 'Image does not pull', line, then: lost, effect: /^Pod web-0, ImagePullBackOff, 0\/1/ })
  })

  it('a container starts slowly', async () => {
    await applied()
    await choose(web0, 'Start slowly')
    assert.equal(await lastLine(), 'fault pod web-0 slow -n julin')
    const seconds = async () => {
      const [minutes, rest] = (await page.locator('.clock time').innerText()).split(':')
      return Number(minutes) * 60 + Number(rest)
    }
    for (const [off, least, most] of [['', 30, 60], [' off', 0, 10]]) {
      await type(`fault pod web-0 slow${off} -n julin`)
      await lost()
      await stepTo(/^Pod web-0, ContainerCreating/)
      const began = await seconds()
      await stepTo(/^Pod web-0, Running, 1\/1/)
      const took = (await seconds()) - began
      assert.ok(took >= least && took < most, `it took ${took} s`)
    }
  })

  it('what is deleted comes back', async () => {
    await applied()
    const line = 'kubectl delete pod web-0 -n julin'
    await bothWays({ thing: web0, item: 'Delete pod', line, effect: /^Pod web-0, Terminating/ })
  })
})

describe('On a node', () => {
  const node1 = /^Node node1,/

  it('it goes down, and comes back', async () => {
    await applied()
    const line = 'fault node node1 down'
    await bothWays({ thing: node1, item: 'Node down', line, effect: /^Node node1, Unknown/ })
    await type(line)
    await stepTo(/^Node node1, Unknown/)
    await choose(node1, 'Node down')
    assert.equal(await lastLine(), 'fault node node1 down off')
    await stepTo(/^Node node1, Ready/)
  })

  it('it is cordoned, tainted and drained', async () => {
    await applied()
    await bothWays({ thing: node1, item: 'Cordon', line: 'kubectl cordon node1', effect: /^Node node1, Ready, SchedulingDisabled/ })
    const taint = 'kubectl taint nodes node1 maintenance=true:NoExecute'
    await bothWays({ thing: node1, item: 'Taint', line: taint, effect: /^Node node1, .*maintenance=true:NoExecute/ })
    const drain = 'kubectl drain node1 --ignore-daemonsets --force'
    await bothWays({ thing: node1, item: 'Drain', line: drain, effect: /^Pod web-0, .*, node[23] / })
  })
})

describe('In storage', () => {
  const nfs = /^StorageClass nfs-storage/

  it('a provisioner stops, and claims wait for it', async () => {
    const line = 'fault provisioner fuseim.pri/ifs down'
    await bothWays({ thing: nfs, item: 'Provisioner down', line, effect: /^StorageClass nfs-storage \(default\) down/ })
    await type(line)
    await press('Apply')
    await runToRest(page)
    await one(page, /^Claim www-web-0, Pending/)
    await card(/^Claim www-web-0,/).click()
    const why = page.getByRole('region', { name: 'Why is it so?' })
    await why.getByText('fuseim.pri/ifs was asked for a volume, but it does not run.').waitFor()
    await why.getByRole('button', { name: `${line} off` }).click()
    await runToRest(page)
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/)
  })

  it('there is no default class', async () => {
    await choose(nfs, 'Default class')
    const off = await lastLine()
    await rail().getByRole('button', { name: /^StorageClass nfs-storage (?!\(default\))/ }).waitFor()
    await press('Undo')
    await rail().getByRole('button', { name: /^StorageClass nfs-storage \(default\)/ }).waitFor()
    await type(off)
    await press('Apply')
    await runToRest(page)
    await card(/^Claim www-web-0,/).click()
    const why = page.getByRole('region', { name: 'Why is it so?' })
    await why.getByText(/names no storage class, the cluster has no default one/).waitFor()
  })

  it('a volume is in another zone than its pod can be', async () => {
    await applied()
    const volume = /^Volume pvc-/
    await choose(volume, 'Bind to zone zone-b')
    const line = await lastLine()
    assert.match(line, /^kubectl patch pv pvc-\S+ -p .*"zone-b"/)
    await press('Undo')
    await type(line)
    await type('kubectl cordon node2; kubectl delete pod web-0 -n julin --wait=false')
    await runToRest(page)
    await one(page, /^Pod web-0, Pending/)
    await card(/^Pod web-0,/).click()
    await page.getByRole('region', { name: 'Why is it so?' }).getByText(/No node suits the pod\..*PersistentVolume's node affinity/).first().waitFor()
  })

  it('claims and volumes are deleted, and stay while they are used', async () => {
    await applied()
    const claim = { thing: /^Claim www-web-0,/, item: 'Delete', line: 'kubectl delete pvc www-web-0 -n julin' }
    await bothWays({ ...claim, effect: /^Claim www-web-0, Terminating/ })
    const name = (await picture(page)).find(name => name.startsWith('Volume pvc-'))
    const volume = name.match(/pvc-[\w-]+/)[0]
    const deleted = { thing: new RegExp(`^Volume ${volume},`), item: 'Delete', line: `kubectl delete pv ${volume}` }
    await bothWays({ ...deleted, effect: new RegExp(`^Volume ${volume}, Terminating`) })
  })
})

describe('Of a Service', () => {
  it('its deletion takes the names away, and the page says what brings them back', async () => {
    await applied()
    const line = 'kubectl delete service nginx -n julin'
    await bothWays({ thing: /^Service nginx,/, item: 'Delete', line, effect: /^Name web-0\..*, there is no such Service/ })
    await type(line)
    await runToRest(page)
    await card(/^Name web-0\./).click()
    const why = page.getByRole('region', { name: 'Why is it so?' })
    await why.getByText(/The set names the Service nginx, and there is none/).waitFor()
    await why.getByRole('button', { name: 'kubectl create service clusterip nginx --clusterip=None -n julin' }).click()
    await runToRest(page)
    await one(page, /^Name web-0\.nginx\..*, 10\.\S+$/)
    await why.getByText('Nothing holds it up').waitFor()
  })
})

describe('Of the API server', () => {
  it('writes are refused with conflicts, and news come late', async () => {
    const running = async () => {
      await press('Apply')
      await stepTo(/^Pod web-1, Running, 1\/1/)
      const time = await page.locator('.clock time').innerText()
      await press('Reset')
      return Number(time.split(':')[1])
    }
    const usual = await running()
    await rail().getByRole('combobox', { name: 'Watch delay' }).selectOption('5 s')
    assert.equal(await lastLine(), 'fault api latency 5s')
    const late = await running()
    assert.ok(late > usual + 3, `${late} after ${usual}`)
    await rail().getByRole('combobox', { name: 'Conflicts' }).selectOption('90 %')
    assert.equal(await lastLine(), 'fault api conflicts 90%')
    const refused = await running()
    assert.ok(refused > usual + 1, `${refused} after ${usual}`)
    await type('fault api conflicts 20%; fault api latency 1s')
    await rail().getByRole('combobox', { name: 'Watch delay' }).and(page.locator(':has(option:checked:text("1 s"))')).waitFor()
  })
})

describe('Chaos', () => {
  const chaos = () => page.getByRole('group', { name: 'Chaos' })
  const broken = () => page.getByRole('alert').filter({ hasText: 'The invariant broke at' })
  const set = async (name, value) => {
    const field = chaos().getByRole('spinbutton', { name })
    await field.fill(String(value))
    await field.press('Enter')
  }
  const start = async (seed, number, invariant) => {
    await set('Seed', seed)
    await set('Number', number)
    if (invariant) await chaos().getByRole('combobox', { name: 'Stop unless' }).selectOption(invariant)
    await chaos().getByRole('button', { name: 'Start chaos' }).click()
    await broken().waitFor({ timeout: 20_000 })
    return broken().locator('p').innerText()
  }

  it('comes again as it was, stops at an invariant of one’s choice, and is shared at that moment', async () => {
    await applied()
    const first = await start(3, 2)
    assert.match(first, /: 1 Ready, not 2\. The last fault: /)
    assert.equal(await lastLine(), 'fault chaos web seed=3 every=20s ready=2 -n julin')
    const there = await picture(page)
    const [time, state] = [await page.locator('.clock time').innerText(), await page.evaluate(() => window.wasmBindings.session_hash())]
    await press('Share')
    const dialog = page.getByRole('dialog', { name: 'Share' })
    const link = await dialog.getByRole('textbox', { name: 'Link' }).inputValue()
    await press('Close', dialog)
    // The same seed, once more.
    await press('Undo')
    assert.equal(await start(3, 2), first)
    assert.deepEqual(await picture(page), there)
    // What is shared is that moment.
    const other = await server.open({ query: link.slice(link.indexOf('#')) })
    await other.page.getByText('You are looking at a shared scenario.').waitFor()
    assert.equal(await other.page.locator('.clock time').innerText(), time)
    assert.equal(await other.page.evaluate(() => window.wasmBindings.session_hash()), state)
    assert.deepEqual(await picture(other.page), there)
    assert.equal(await other.page.getByRole('alert').filter({ hasText: 'The invariant broke at' }).locator('p').innerText(), first)
    assert.deepEqual(other.faults, [])
    await other.page.context().close()
  })

  it('keeps an eye on one pod, or on names, and can be stopped', async () => {
    await applied()
    assert.match(await start(5, 1, 'ordinal Ready'), /: 0 Ready of ordinal 1\. /)
    assert.match(await lastLine(), / pod=1 -n julin$/)
    await press('Undo')
    assert.match(await start(5, 2, 'names answer'), /: [01] DNS names answer, not 2\. /)
    await press('Undo')
    await type('fault chaos web seed=1 ready=0 -n julin')
    await press('Step')
    await chaos().getByRole('button', { name: 'Stop chaos' }).click()
    assert.equal(await lastLine(), 'fault chaos off')
    await runToRest(page)
  })
})

describe('The cluster itself', () => {
  it('gets nodes with zones and taints, classes and namespaces, and loses them', async () => {
    const add = async (what, fields) => {
      await rail().getByRole('button', { name: what }).click()
      const form = page.getByRole('dialog', { name: what })
      for (const [name, value] of Object.entries(fields)) await form.getByRole('textbox', { name }).fill(value)
      await form.getByRole('button', { name: 'Create' }).click()
    }
    await add('Add a node', { Zone: 'zone-d', Taint: 'dedicated=db:NoSchedule' })
    await stepTo(/^Node node4, Ready, zone-d, dedicated=db:NoSchedule/)
    await add('Add a storage class', { Name: 'quick' })
    await stepTo(/^StorageClass quick /)
    await add('Add a namespace', { Name: 'shop' })
    await stepTo(/^shop$/)
    for (const [thing, gone] of [[/^Node node4,/, 'kubectl delete node node4'], [/^StorageClass quick /, 'kubectl delete storageclass quick'], [/^shop$/, 'kubectl delete namespace shop']]) {
      await choose(thing, 'Delete')
      assert.equal(await lastLine(), gone)
      await runToRest(page)
      assert.equal(await card(thing).count(), 0, gone)
    }
  })
})
