// Demonstration only. `DEMO` is what a real shop would have written into its pages: the pixel's id and the address of Meta's script.
// /demo.js, served by `pixel-mirror start --site`, names the pixel; with the sandbox also a local stand-in for Meta's script.
;(function () {
  var BLOCKED_KEY = 'demo-block-pixel'
  var demo = window.PIXEL_MIRROR_DEMO || {}
  var blocked = sessionStorage.getItem(BLOCKED_KEY) === '1'
  var order = JSON.parse(sessionStorage.getItem('demo-order') || 'null')

  window.DEMO = {
    pixelId: demo.pixelId || '1234567890',
    // A port where nobody listens: for the page it is as if an ad blocker had refused the request.
    fbeventsUrl: blocked
      ? 'http://127.0.0.1:9/en_US/fbevents.js'
      : demo.fbeventsUrl || 'https://connect.facebook.net/en_US/fbevents.js',
    // Advanced matching: a shop that knows its customer says so when it sets up the pixel.
    customer: order ? { em: order.email } : {},
    links: demo.links || [],
    blocked: blocked,
    setBlocked: function (on) {
      sessionStorage.setItem(BLOCKED_KEY, on ? '1' : '0')
    },
  }
})()
