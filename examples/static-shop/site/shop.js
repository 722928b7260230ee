// A shop in one file. Every `fbq` call below is what the shop's own developer would write; Pixel Mirror asks for no change to any of them.
;(function () {
  var CURRENCY = 'EUR'
  var PRODUCTS = [
    {
      id: 'oval-30',
      name: 'Oval',
      text: 'Oak frame, 30 × 45 cm',
      price: 89,
      shape: '<ellipse cx="50" cy="50" rx="28" ry="40"/>',
    },
    { id: 'round-40', name: 'Round', text: 'Brass rim, 40 cm', price: 119, shape: '<circle cx="50" cy="50" r="36"/>' },
    {
      id: 'arch-60',
      name: 'Arch',
      text: 'Black steel, 60 × 90 cm',
      price: 249,
      shape: '<path d="M22 90V46a28 28 0 0 1 56 0v44z"/>',
    },
  ]

  var byId = function (id) {
    return PRODUCTS.find(function (product) {
      return product.id === id
    })
  }
  var euros = function (sum) {
    return new Intl.NumberFormat('en-IE', { style: 'currency', currency: CURRENCY }).format(sum)
  }
  var at = function (id) {
    return document.getElementById(id)
  }
  var basket = JSON.parse(localStorage.getItem('demo-basket') || '{}')
  var contents = function () {
    return Object.keys(basket).map(function (id) {
      return { id: id, quantity: basket[id], item_price: byId(id).price }
    })
  }
  var total = function () {
    return contents().reduce(function (sum, line) {
      return sum + line.quantity * line.item_price
    }, 0)
  }
  var pieces = function () {
    return contents().reduce(function (sum, line) {
      return sum + line.quantity
    }, 0)
  }
  var picture = function (product) {
    return (
      '<svg class="mirror ' +
      product.id +
      '" viewBox="0 0 100 100" role="img" aria-label="' +
      product.name +
      ' mirror">' +
      product.shape +
      '</svg>'
    )
  }

  function showCount() {
    at('basket-count').hidden = pieces() === 0
    at('basket-count').textContent = pieces()
  }

  function showShelf() {
    at('products').innerHTML = PRODUCTS.map(function (product) {
      return (
        '<li><a href="/product.html?id=' +
        product.id +
        '">' +
        picture(product) +
        '<h2>' +
        product.name +
        '</h2><p>' +
        product.text +
        '</p><p class="price">' +
        euros(product.price) +
        '</p></a></li>'
      )
    }).join('')
  }

  function showProduct() {
    var product = byId(new URLSearchParams(location.search).get('id')) || PRODUCTS[0]
    var item = {
      content_ids: [product.id],
      content_type: 'product',
      content_name: product.name,
      value: product.price,
      currency: CURRENCY,
    }
    document.title = product.name + ' · Oval & Co.'
    at('product').innerHTML =
      picture(product) +
      '<div><h1>' +
      product.name +
      '</h1><p>' +
      product.text +
      '</p><p class="price">' +
      euros(product.price) +
      '</p><button id="add">Put in the basket</button><p role="status" id="added"></p></div>'
    fbq('track', 'ViewContent', item)

    at('add').addEventListener('click', function () {
      basket[product.id] = (basket[product.id] || 0) + 1
      localStorage.setItem('demo-basket', JSON.stringify(basket))
      fbq('track', 'AddToCart', item)
      showCount()
      at('added').innerHTML = 'In your basket. <a href="/checkout.html">Go to the checkout</a>'
    })
  }

  function showCheckout() {
    at('lines').innerHTML =
      contents()
        .map(function (line) {
          return (
            '<tr><th scope="row">' +
            byId(line.id).name +
            '</th><td class="number">' +
            line.quantity +
            '</td><td class="number">' +
            euros(line.quantity * line.item_price) +
            '</td></tr>'
          )
        })
        .join('') || '<tr><td colspan="3">Nothing yet. <a href="/">Look around</a></td></tr>'
    at('total').textContent = euros(total())
    at('order').hidden = pieces() === 0
    if (pieces() > 0) {
      fbq('track', 'InitiateCheckout', {
        contents: contents(),
        content_type: 'product',
        num_items: pieces(),
        value: total(),
        currency: CURRENCY,
      })
    }

    at('order').addEventListener('submit', function (submitted) {
      submitted.preventDefault()
      // A real shop's server would make the order and its number.
      var order = {
        id: 'ORDER-' + Date.now().toString(36).toUpperCase(),
        email: submitted.target.email.value,
        contents: contents(),
        value: total(),
      }
      sessionStorage.setItem('demo-order', JSON.stringify(order))
      localStorage.removeItem('demo-basket')
      location.href = '/thanks.html'
    })
  }

  function showThanks() {
    var order = JSON.parse(sessionStorage.getItem('demo-order') || 'null')
    if (!order) return
    at('order-id').textContent = order.id
    fbq('track', 'Purchase', {
      order_id: order.id,
      contents: order.contents,
      content_type: 'product',
      value: order.value,
      currency: CURRENCY,
    })
  }

  var PAGES = { products: showShelf, product: showProduct, order: showCheckout, 'order-id': showThanks }
  Object.keys(PAGES).forEach(function (id) {
    if (at(id)) PAGES[id]()
  })
  showCount()

  at('block-pixel').checked = DEMO.blocked
  at('block-pixel').addEventListener('change', function (changed) {
    DEMO.setBlocked(changed.target.checked)
    location.reload()
  })
  at('demo-links').innerHTML = DEMO.links
    .map(function (link) {
      return '<a href="' + link.href + '">' + link.text + '</a>'
    })
    .join(' · ')
})()
