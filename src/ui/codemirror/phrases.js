// CodeMirror's own words. English is what it speaks by itself.
const CHINESE = {
  all: '全部',
  'by word': '全字匹配',
  close: '关闭',
  Completions: '补全',
  'Control character': '控制字符',
  'current match': '当前匹配',
  Diagnostics: '问题',
  Find: '查找',
  'Fold line': '折叠此行',
  'folded code': '已折叠的内容',
  'Folded lines': '已折叠',
  go: '跳转',
  'Go to line': '跳转到行',
  'match case': '区分大小写',
  next: '下一个',
  'No diagnostics': '没有问题',
  'on line': '行',
  previous: '上一个',
  regexp: '正则表达式',
  replace: '替换',
  'replace all': '全部替换',
  Replace: '替换',
  'replaced $ matches': '已替换 $ 处',
  'replaced match on line $': '已替换第 $ 行的匹配',
  'Selection deleted': '已删除所选内容',
  to: '至',
  unfold: '展开',
  'Unfold line': '展开此行',
  'Unfolded lines': '已展开',
}

/// The words of a language, by its tag.
export const phrases = language => (language.startsWith('zh') ? CHINESE : {})

/// How the keyboard gets out.
export const way = language => (language.startsWith('zh') ? '按 Escape 再按 Tab 可离开编辑器。' : 'Escape, then Tab, leaves the editor.')

/// The phrases that are translated.
export const translated = Object.keys(CHINESE)
