// Runs before the first paint, so that nobody who works in the dark is flashed.
(function () {
  var kept = null
  try { kept = localStorage.getItem('landfall.theme') } catch { /* storage may be off */ }
  var dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
