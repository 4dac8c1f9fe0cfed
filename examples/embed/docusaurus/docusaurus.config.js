export default {
  title: 'A StatefulSet in the documentation',
  url: 'https://example.org',
  baseUrl: '/',
  favicon: 'statefulscope/icon.svg',
  scripts: [{ src: '/statefulscope/statefulscope-scenario.js', type: 'module' }],
  themeConfig: { navbar: { title: 'A StatefulSet in the documentation' } },
  presets: [['classic', { docs: { routeBasePath: '/', sidebarPath: undefined }, blog: false }]],
}
