document.getElementById('order').addEventListener('submit', async (submitted) => {
  submitted.preventDefault()
  const answer = await fetch('/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: submitted.target.email.value }),
  })
  const { orderId } = await answer.json()
  fbq('track', 'Purchase', { value: 49, currency: 'EUR', order_id: orderId }, { eventID: orderId })
  document.getElementById('done').textContent = `Thank you. Your order is ${orderId}.`
})
