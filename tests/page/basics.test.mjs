// The tutorial "StatefulSet Basics", typed into the terminals from its first line to its last.
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'

import { start } from './browser.mjs'
import { addresses, assertRows, columns, lookUp, openFastTerminals } from './typing.mjs'

const WEB = 'https://k8s.io/examples/application/web/web.yaml'
const PARALLEL = 'https://k8s.io/examples/application/web/web-parallel.yaml'
const IMAGE = '{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}'
const patchImage = tag =>
  `kubectl patch statefulset web --type='json' -p='[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value":"registry.k8s.io/nginx-slim:${tag}"}]'`
const patchPartition = partition =>
  `kubectl patch statefulset web -p '{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":${partition}}}}}'`
const hostnames = `for i in 0 1; do kubectl exec "web-$i" -- sh -c 'hostname'; done`
const served = 'for i in 0 1; do kubectl exec -i -t "web-$i" -- curl http://localhost/; done'
const images = `for p in 0 1 2; do kubectl get pod "web-$p" --template '${IMAGE}'; echo; done`
const slim = tag => `registry.k8s.io/nginx-slim:${tag}`

let server
before(async () => {
  server = await start()
})
after(() => server.close())

it('StatefulSet Basics runs as it is written', { timeout: 300_000 }, async () => {
  const { page, faults } = await server.open()
  const terminals = await openFastTerminals(page)
  const { run, says } = terminals
  const deleted = (kind, ...names) => names.map(name => `${kind} "${name}" deleted from default namespace`)
  const watched = work => terminals.watched('kubectl get pods --watch -l app=nginx', work)

  // Creating.
  assertRows(
    await watched(() => says(`kubectl apply -f ${WEB}`, ['service/nginx created', 'statefulset.apps/web created'])),
    'web-0 0/1 Pending',
    'web-0 0/1 ContainerCreating',
    'web-0 1/1 Running',
    'web-1 0/1 Pending',
    'web-1 0/1 ContainerCreating',
    'web-1 1/1 Running',
  )
  assert.deepEqual(columns(await run('kubectl get service nginx'), 5), [
    'NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S)',
    'nginx ClusterIP None <none> 80/TCP',
  ])
  assert.deepEqual(columns(await run('kubectl get statefulset web'), 2), ['NAME READY', 'web 2/2'])
  const pods = (...rows) => ['NAME READY STATUS', ...rows.map(name => `${name} 1/1 Running`)]
  assert.deepEqual(columns(await run('kubectl get pods -l app=nginx'), 3), pods('web-0', 'web-1'))

  // Identity.
  await says(hostnames, ['web-0', 'web-1'])
  const look = () =>
    lookUp(page, terminals, '-i --tty --image busybox:1.28 dns-test --restart=Never --rm', ['web-0.nginx', 'web-1.nginx'])
  const first = await look()
  assert.match(first, /Server: +10\.96\.0\.10\s+Address 1: 10\.96\.0\.10 kube-dns\.kube-system\.svc\.cluster\.local/)
  assert.match(first, /pod "dns-test" deleted/)
  assert.deepEqual(addresses(first).map(([name]) => name), ['web-0', 'web-1'])
  assertRows(
    await watched(() => says('kubectl delete pod -l app=nginx', [...deleted('pod', 'web-0', 'web-1')])),
    'web-0 1/1 Running',
    'web-0 1/1 Terminating',
    'web-0 0/1 Pending',
    'web-0 1/1 Running',
    'web-1 0/1 Pending',
    'web-1 1/1 Running',
  )
  await says(hostnames, ['web-0', 'web-1'])
  assert.notDeepEqual(addresses(await look()), addresses(first))

  // Storage.
  const claims = count => ['NAME STATUS', ...Array.from({ length: count }, (_, i) => `www-web-${i} Bound`)]
  assert.deepEqual(columns(await run('kubectl get pvc -l app=nginx'), 2), claims(2))
  await says(
    `for i in 0 1; do kubectl exec "web-$i" -- sh -c 'echo "$(hostname)" > /usr/share/nginx/html/index.html'; done`,
    [],
  )
  await says(served, ['web-0', 'web-1'])
  await run('kubectl delete pod -l app=nginx')
  await says(served, ['web-0', 'web-1'])

  // Scaling.
  assertRows(
    await watched(() => says('kubectl scale sts web --replicas=5', ['statefulset.apps/web scaled'])),
    'web-2 0/1 Pending',
    'web-2 1/1 Running',
    'web-3 0/1 Pending',
    'web-3 1/1 Running',
    'web-4 0/1 Pending',
    'web-4 1/1 Running',
  )
  const down = await watched(() => says(`kubectl patch sts web -p '{"spec":{"replicas":3}}'`, ['statefulset.apps/web patched']))
  assert.ok(down.findLastIndex(row => row.startsWith('web-4')) < down.findIndex(row => row === 'web-3 1/1 Terminating'))
  assert.deepEqual(columns(await run('kubectl get pvc -l app=nginx'), 2), claims(5))

  // Updating.
  await says(patchImage('0.24'), ['statefulset.apps/web patched'])
  await says(images, [slim('0.24'), slim('0.24'), slim('0.24')])
  assert.match((await run('kubectl rollout status sts/web')).at(-1), /(complete|rolling update complete)/)
  const patched = ['statefulset.apps/web patched']
  await says(patchPartition(3), patched)
  assert.deepEqual(await watched(() => says(patchImage('0.21'), patched)), ['web-0 1/1 Running', 'web-1 1/1 Running', 'web-2 1/1 Running'])
  const image = pod => `kubectl get pod ${pod} --template '${IMAGE}'; echo`
  await says('kubectl delete pod web-2', deleted('pod', 'web-2'))
  await says(image('web-2'), [slim('0.24')])
  await says(patchPartition(2), patched)
  await says(image('web-2'), [slim('0.21')])
  await says('kubectl delete pod web-1', deleted('pod', 'web-1'))
  await says(image('web-1'), [slim('0.24')])
  assertRows(await watched(() => says(patchPartition(0), patched)), 'web-1 1/1 Terminating', 'web-1 1/1 Running', 'web-0 1/1 Terminating', 'web-0 1/1 Running')
  await says(images, [slim('0.21'), slim('0.21'), slim('0.21')])
  await says(`kubectl patch statefulset web -p '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}'`, patched)

  // Deleting.
  await says('kubectl delete statefulset web --cascade=orphan', deleted('statefulset.apps', 'web'))
  assert.deepEqual(columns(await run('kubectl get pods -l app=nginx'), 3), pods('web-0', 'web-1', 'web-2'))
  await says('kubectl delete pod web-0', deleted('pod', 'web-0'))
  assert.deepEqual(columns(await run('kubectl get pods -l app=nginx'), 3), pods('web-1', 'web-2'))
  const again = await watched(() => says(`kubectl apply -f ${WEB}`, ['service/nginx unchanged', 'statefulset.apps/web created']))
  assertRows(again, 'web-0 0/1 Pending', 'web-0 1/1 Running', 'web-2 1/1 Terminating')
  assert.ok(!again.includes('web-1 1/1 Terminating'))
  await says(served, ['web-0', 'web-1'])
  assertRows(await watched(() => says('kubectl delete statefulset web', deleted('statefulset.apps', 'web'))), 'web-0 1/1 Terminating', 'web-1 1/1 Terminating')
  await says('kubectl delete service nginx', deleted('service', 'nginx'))
  await says(`kubectl apply -f ${WEB}`, ['service/nginx created', 'statefulset.apps/web created'])
  await says(served, ['web-0', 'web-1'])
  await says('kubectl delete service nginx', deleted('service', 'nginx'))
  await says('kubectl delete statefulset web', deleted('statefulset.apps', 'web'))

  // All at once.
  assertRows(
    await watched(() => says(`kubectl apply -f ${PARALLEL}`, ['service/nginx created', 'statefulset.apps/web created'])),
    'web-0 0/1 Pending',
    'web-1 0/1 Pending',
    'web-0 1/1 Running',
  )
  const up = await watched(() => says('kubectl scale statefulset/web --replicas=5', ['statefulset.apps/web scaled']))
  assertRows(up, 'web-2 0/1 Pending', 'web-4 0/1 Pending', 'web-2 1/1 Running')
  await says('kubectl delete sts web', deleted('statefulset.apps', 'web'))
  await says('kubectl delete svc nginx', deleted('service', 'nginx'))

  // What stays.
  assert.deepEqual(columns(await run('kubectl get pvc'), 2), claims(5))
  const volumes = (await run('kubectl get pv')).slice(1).map(row => row.split('  '))
  assert.deepEqual(volumes.map(row => row[5]).sort(), [0, 1, 2, 3, 4].map(i => `default/www-web-${i}`))
  const names = [0, 1, 2, 3, 4].map(i => `www-web-${i}`)
  await says(`kubectl delete pvc ${names.join(' ')}`, deleted('persistentvolumeclaim', ...names))
  await says('kubectl get pvc', ['No resources found in default namespace.'])
  assert.deepEqual(faults, [])
  await page.context().close()
})
