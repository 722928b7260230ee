import { h } from './element.js'
import { post } from './server.js'

/** Asks for the password, in place of everything else. */
export function signIn(main: HTMLElement, top: HTMLElement, onSignedIn: () => void): void {
  const password = h('input', {
    id: 'password',
    type: 'password',
    name: 'password',
    autocomplete: 'current-password',
    required: true,
  }) as HTMLInputElement
  const button = h('button', { type: 'submit' }, 'Sign in') as HTMLButtonElement
  const trouble = h('p', { class: 'trouble', role: 'alert' })
  const form = h(
    'form',
    { class: 'sign-in' },
    h('h1', {}, 'Pixel Mirror'),
    h('p', { class: 'soft' }, 'The inspector of this collector. Its password is what INSPECT_PASSWORD says.'),
    h('label', { for: 'password' }, 'Password'),
    password,
    trouble,
    button,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    button.disabled = true
    trouble.textContent = ''
    post('login', { password: password.value })
      .then(
        () => {
          main.replaceChildren()
          onSignedIn()
        },
        (error: unknown) => {
          trouble.textContent = error instanceof Error ? error.message : String(error)
          password.select()
        },
      )
      .finally(() => (button.disabled = false))
  })
  top.replaceChildren()
  main.replaceChildren(form)
  document.title = 'Sign in · Pixel Mirror'
  password.focus()
}
