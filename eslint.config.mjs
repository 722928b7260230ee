import js from '@eslint/js'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

/** The arrows between packages: who may never import whom. `ARCHITECTURE.md` draws them. */
const FORBIDDEN_PACKAGES = {
  common: ['tracker', 'collector', 'sandbox'],
  tracker: ['collector', 'sandbox'],
  // The command line reaches the sandbox by a dynamic import alone, so that nobody has to install it.
  collector: ['tracker', 'sandbox'],
  sandbox: ['tracker', 'collector'],
}

/** The arrows inside the collector: a folder may not import from these. */
const FORBIDDEN_FOLDERS = {
  queue: ['pipeline', 'relay', 'http', 'inspector', 'cli'],
  pipeline: ['relay', 'http', 'inspector', 'cli'],
  relay: ['pipeline', 'http', 'inspector', 'cli'],
  http: ['relay', 'cli'],
  inspector: ['cli'],
}

const packageArrows = Object.entries(FORBIDDEN_PACKAGES).map(([name, forbidden]) => ({
  files: [`packages/${name}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: [...forbidden, 'testing'].flatMap((other) => [
              `@pixel-mirror/${other}`,
              `@pixel-mirror/${other}/*`,
              `**/${other}/src/**`,
            ]),
            message: 'This arrow is forbidden: see ARCHITECTURE.md.',
          },
          ...(name === 'common' ? [{ group: ['node:*'], message: 'common has no runtime.' }] : []),
        ],
      },
    ],
  },
}))

const folderArrows = {
  files: ['packages/collector/src/**/*.ts'],
  rules: {
    'import-x/no-restricted-paths': [
      'error',
      {
        zones: Object.entries(FORBIDDEN_FOLDERS).map(([folder, forbidden]) => ({
          target: `./packages/collector/src/${folder}`,
          from: forbidden.map((other) => `./packages/collector/src/${other}`),
          message: 'This arrow is forbidden: see ARCHITECTURE.md.',
        })),
      },
    ],
  },
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/coverage/**', '**/data/**', 'examples/aws-lambda-cdk/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js', '.mjs', '.json'],
          extensionAlias: { '.js': ['.ts', '.js'] },
          conditionNames: ['@pixel-mirror/source', 'import', 'node', 'default'],
        }),
      ],
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] },
  },
  ...packageArrows,
  folderArrows,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    // Served as one script: what one file declares, the others use.
    files: ['packages/sandbox/browser/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: {
        window: 'readonly',
        document: 'readonly',
        location: 'readonly',
        history: 'readonly',
        navigator: 'readonly',
        screen: 'readonly',
        Image: 'readonly',
        URLSearchParams: 'readonly',
        TextEncoder: 'readonly',
        sha256: 'readonly',
        hashedUserData: 'readonly',
        mendUserData: 'readonly',
        firstPartyCookies: 'readonly',
        sendHit: 'readonly',
      },
    },
    rules: { 'no-redeclare': ['error', { builtinGlobals: false }] },
  },
  {
    files: ['examples/**/*.js', 'examples/**/*.mjs'],
    languageOptions: {
      globals: {
        window: 'readonly',
        document: 'readonly',
        location: 'readonly',
        fbq: 'readonly',
        DEMO: 'readonly',
        tracker: 'readonly',
        localStorage: 'readonly',
        sessionStorage: 'readonly',
        history: 'readonly',
        URLSearchParams: 'readonly',
      },
    },
  },
)
