// Three ways to hand a visitor's choice to the tracker. A site has one of them; keep that and delete the others.

// 1. A banner of your own. Remember the choice yourself: the tracker asks again on every page.
;(function () {
  var banner = document.getElementById('banner')
  var choice = localStorage.getItem('consent')
  function choose(answer) {
    localStorage.setItem('consent', answer)
    banner.hidden = true
    tracker.consent(answer)
  }
  if (choice) tracker.consent(choice)
  else banner.hidden = false
  document.getElementById('agree').addEventListener('click', function () {
    choose('grant')
  })
  document.getElementById('decline').addEventListener('click', function () {
    choose('revoke')
  })
})()

// 2. A banner that speaks TCF v2. Purpose 1 is storage; ask your counsel which others you rely on.
if (window.__tcfapi) {
  window.__tcfapi('addEventListener', 2, function (data, ok) {
    if (!ok || (data.eventStatus !== 'tcloaded' && data.eventStatus !== 'useractioncomplete')) return
    var agreed = data.gdprApplies === false || [1, 3, 4].every((purpose) => data.purpose.consents[purpose])
    tracker.consent(agreed ? 'grant' : 'revoke')
  })
}

// 3. Google consent mode: follow what is pushed to the data layer.
;(function (layer) {
  function follow(entry) {
    if (entry[0] === 'consent' && entry[2] && entry[2].ad_user_data) {
      tracker.consent(entry[2].ad_user_data === 'granted' ? 'grant' : 'revoke')
    }
  }
  Array.prototype.forEach.call(layer, follow)
  var push = layer.push
  layer.push = function () {
    Array.prototype.forEach.call(arguments, follow)
    return push.apply(layer, arguments)
  }
})((window.dataLayer = window.dataLayer || []))
