// `npm install` would quietly install the root's packages only; say so instead.
if (!/^pnpm\//.test(process.env.npm_config_user_agent ?? '')) {
  console.error(
    'This workspace is installed by pnpm. Run `npm start` or `npm test`: both fetch pnpm and install everything.',
  )
  process.exit(1)
}
