// The main job once through, as a person does it: apply, scale, patch, a new image, a lost pod, mistakes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { assertOrder, manifestText, one, picture, printed, runToRest, stepToRest, writeManifest } from './reading.mjs'

let page
onOwnPages(opened => {
  ;({ page } = opened)
})

const press = name => page.getByRole('button', { name, exact: true }).click()

async function scale(replicas) {
  const field = page.getByRole('spinbutton', { name: 'Replicas' })
  await field.fill(String(replicas))
  await field.press('Enter')
}

async function change(from, to) {
  const text = await manifestText(page)
  assert.ok(text.includes(from), `the manifest has no ${JSON.stringify(from)}`)
  await writeManifest(page, text.replace(from, to))
}

async function started() {
  await press('Apply')
  await runToRest(page)
}

describe('First light', () => {
  it('begins with the manifest, three nodes and two storage classes', async () => {
    const text = await manifestText(page)
    for (const line of ['kind: Service', 'kind: StatefulSet', 'clusterIP: None', 'storage: 1Gi', 'namespace: julin']) {
      assert.ok(text.includes(line), line)
    }
    const graph = await page.getByRole('group', { name: 'Cluster graph' }).innerText()
    for (const word of ['node1', 'node2', 'node3', 'localhostpath', 'nfs-storage', '(default)']) {
      assert.ok(graph.includes(word), word)
    }
    assert.deepEqual(await picture(page), [])
  })

  it('starts the pods one after the other, each once its claim is bound', async () => {
    await press('Apply')
    assert.deepEqual(await printed(page), ['service/nginx created', 'statefulset.apps/web created'])
    const told = await stepToRest(page)
    assertOrder(told, [
      // One look of the controller makes the claim and the pod.
      /^\+ Pod web-0, Pending, 0\/1/,
      /^\+ Claim www-web-0, Pending/,
      /^\+ Volume pvc-.* 1Gi . Retain/,
      /^\+ Claim www-web-0, Bound/,
      /^\+ Pod web-0, ContainerCreating, 0\/1, node\d/,
      /^\+ Pod web-0, Running, 1\/1/,
      /^\+ Name web-0\.nginx\.julin\.svc\.cluster\.local, 10\.244\.\d+\.\d+$/,
      /^\+ Pod web-1, Pending/,
      /^\+ Claim www-web-1, Bound/,
      /^\+ Pod web-1, ContainerCreating/,
      /^\+ Pod web-1, Running, 1\/1/,
      /^\+ Name web-1\.nginx\.julin\.svc\.cluster\.local, 10\.244\.\d+\.\d+$/,
    ])
    const claim = told.findIndex(line => line.startsWith('+ Claim www-web-0, Pending'))
    const pod = told.findIndex(line => line.startsWith('+ Pod web-0, Pending'))
    const volume = told.findIndex(line => line.startsWith('+ Volume'))
    assert.ok(claim < volume && pod < volume, 'the claim and the pod are there before the volume')
    const second = told.findIndex(line => /^\+ (Pod|Claim|Name) (www-)?web-1.*(Pending|Creating)/.test(line))
    const first = told.findIndex(line => /^\+ Name web-0.*, 10\./.test(line))
    assert.ok(first < second, 'web-1 begins only once web-0 has its name')
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/)
  })

  it('scales up in order, and down in reverse by a patch; claims and volumes stay', async () => {
    await started()
    await scale(5)
    assert.deepEqual(await printed(page), ['statefulset.apps/web scaled'])
    const up = await stepToRest(page)
    assertOrder(up, [
      /^\+ Pod web-2, Pending/,
      /^\+ Pod web-2, Running, 1\/1/,
      /^\+ Pod web-3, Pending/,
      /^\+ Pod web-3, Running, 1\/1/,
      /^\+ Pod web-4, Pending/,
      /^\+ Pod web-4, Running, 1\/1/,
    ])
    const volumes = (await picture(page)).filter(name => name.startsWith('Volume '))
    assert.equal(volumes.length, 5)

    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":3}}')
    await press('Patch it')
    assert.deepEqual(await printed(page), ['statefulset.apps/web patched'])
    const down = await stepToRest(page)
    assertOrder(down, [
      /^\+ Pod web-4, Terminating/,
      /^\+ Pod web-4, no pod/,
      /^\+ Pod web-3, Terminating/,
      /^\+ Pod web-3, no pod/,
    ])
    await one(page, /^Claim www-web-3, Bound .*web-3/)
    await one(page, /^Claim www-web-4, Bound .*web-4/)
    assert.deepEqual((await picture(page)).filter(name => name.startsWith('Volume ')), volumes)
    await one(page, /^StatefulSet julin\/web, 3 of 3 ready$/)
  })

  it('replaces pods from the highest ordinal down for a new image, and brings a deleted pod back', async () => {
    await started()
    const volumes = (await picture(page)).filter(name => /^(Volume|Claim) /.test(name))
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press('Set image')
    assert.deepEqual(await printed(page), ['statefulset.apps/web image updated'])
    assertOrder(await stepToRest(page), [
      /^\+ Pod web-1, Terminating/,
      /^\+ Pod web-1, Pending|^\+ Pod web-1, ContainerCreating/,
      /^\+ Pod web-1, Running, 1\/1/,
      /^\+ Pod web-0, Terminating/,
      /^\+ Pod web-0, Pending|^\+ Pod web-0, ContainerCreating/,
      /^\+ Pod web-0, Running, 1\/1/,
    ])
    assert.deepEqual((await picture(page)).filter(name => /^(Volume|Claim) /.test(name)), volumes)

    const old = await one(page, /^Name web-0\./)
    await page.getByRole('button', { name: /^Pod web-0,/ }).click()
    await press('Delete pod')
    assert.deepEqual(await printed(page), ['pod "web-0" deleted from julin namespace'])
    assertOrder(await stepToRest(page), [
      /^\+ Pod web-0, Terminating/,
      /^\+ Pod web-0, (Pending|ContainerCreating)/,
      /^\+ Pod web-0, Running, 1\/1/,
      /^\+ Name web-0\..*, 10\./,
    ])
    assert.notEqual(await one(page, /^Name web-0\./), old, 'the address is a new one')
    assert.deepEqual((await picture(page)).filter(name => /^(Volume|Claim) /.test(name)), volumes)
  })

  it('starts all pods of a Parallel set at once, on a fresh cluster', async () => {
    await started()
    await press('Reset')
    assert.deepEqual(await picture(page), [])
    await change('  replicas: 2', '  replicas: 4\n  podManagementPolicy: Parallel')
    await press('Apply')
    const told = await stepToRest(page)
    const running = told.findIndex(line => /^\+ Pod web-\d, ContainerCreating/.test(line))
    for (const pod of ['web-0', 'web-1', 'web-2', 'web-3']) {
      const pending = told.findIndex(line => line.startsWith(`+ Pod ${pod}, Pending`))
      assert.ok(pending !== -1 && pending < running, `${pod} is there before any pod is started`)
    }
    await one(page, /^StatefulSet julin\/web, 4 of 4 ready$/)
  })

  it('plays, pauses, steps and changes its speed', async () => {
    await press('Apply')
    const time = () => page.getByRole('group', { name: 'Clock' }).getByRole('time').innerText()
    const paused = await time()
    await page.waitForTimeout(150)
    assert.equal(await time(), paused)
    await press('Play')
    await page.waitForFunction(paused => document.querySelector('.clock time').textContent !== paused, paused)
    await press('Pause')
    await page.getByRole('slider', { name: 'Speed' }).fill('10')
    assert.equal(await page.getByRole('slider', { name: 'Speed' }).getAttribute('aria-valuetext'), '1000×')
    await press('Play')
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/).catch(() => page.waitForTimeout(1500))
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/)
  })

  const mistakes = [
    ['a tab', '  replicas: 2', '\treplicas: 2', /found character that cannot start any token/, 25],
    ['an unknown field', '  replicas: 2', '  replica: 2', /unknown field "spec\.replica"/, 25],
    ['a wrong type', 'replicas: 2', 'replicas: "2"', /cannot unmarshal string into Go struct field StatefulSetSpec\.spec\.replicas of type int32/, 25],
    ['an unknown kind', 'kind: StatefulSet', 'kind: StatefulSat', /no matches for kind "StatefulSat" in version "apps\/v1"/, 19],
  ]
  for (const [what, from, to, message, line] of mistakes) {
    it(`says where ${what} is, keeps the text, and leaves the running cluster as it was`, async () => {
      await started()
      const before = await picture(page)
      await change(from, to)
      const text = await manifestText(page)
      await press('Apply')
      const problems = page.getByRole('alert', { name: 'Problems' })
      assert.match(await problems.innerText(), message)
      await problems.getByRole('button', { name: `line ${line}` }).click()
      assert.equal(await page.locator('.cm-activeLine').textContent(), text.split('\n')[line - 1])
      assert.equal(await manifestText(page), text)
      assert.deepEqual(await picture(page), before)
      const controls = page.getByRole('group', { name: 'Controls of julin/web' })
      assert.equal(await controls.getByRole('spinbutton').inputValue(), '2')
    })
  }

  it('says where a selector does not match', async () => {
    await change('      app: nginx # as', '      app: other # as')
    await press('Apply')
    const problems = page.getByRole('alert', { name: 'Problems' })
    assert.match(await problems.innerText(), /`selector` does not match template `labels`/)
    await problems.getByRole('button', { name: 'line 31' }).waitFor()
    assert.deepEqual((await picture(page)).filter(name => name.startsWith('StatefulSet')), [])
  })

  it('offers to create a namespace that is missing', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replaceAll('namespace: julin', 'namespace: shop'))
    await press('Apply')
    assert.match((await printed(page))[0], /\(NotFound\).* namespaces "shop" not found$/)
    await page.getByRole('button', { name: 'Create namespace shop' }).first().click()
    await press('Apply')
    assert.deepEqual(await printed(page), ['service/nginx created', 'statefulset.apps/web created'])
  })
})
