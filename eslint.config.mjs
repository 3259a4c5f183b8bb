// Type-aware rules for all TypeScript here, the house's limits for ts/, plain rules for scripts/.
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tsdoc from 'eslint-plugin-tsdoc';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const typeScript = ['**/*.ts', '**/*.mts'];
const size = {
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 4],
  complexity: ['error', 12],
  'max-depth': ['error', 3],
  eqeqeq: 'error',
  curly: ['error', 'multi-line'],
};

export default defineConfig(
  globalIgnores(['dist', 'build', 'prebuilds', 'temp', 'test/functions/fixtures/*.{ts,mts}']),
  {
    files: typeScript,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.dev.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { tsdoc },
    rules: {
      ...size,
      'tsdoc/syntax': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // A guard is declared for its end.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      // The form that loads a CommonJS function under its real type.
      '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }],
      // Typed arrays are indexed on hot paths; noUncheckedIndexedAccess shows each such place.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '\\.node$', message: 'Only ts/native/binding.ts loads the addon.' }],
        },
      ],
    },
  },
  {
    files: ['ts/**'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'default', format: ['camelCase'], leadingUnderscore: 'forbid' },
        { selector: 'import', format: null },
        {
          selector: 'variable',
          modifiers: ['const', 'exported'],
          format: ['camelCase', 'PascalCase'],
        },
        { selector: 'objectLiteralProperty', format: ['camelCase', 'PascalCase'] },
        // Error codes and header names are not ours to rename.
        { selector: 'property', modifiers: ['requiresQuotes'], format: null },
        { selector: 'typeLike', format: ['PascalCase'] },
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: false },
        },
      ],
    },
  },
  {
    files: ['**/*.d.ts'],
    // They describe other people's code.
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
  {
    files: ['test/**'],
    // A describe block is as long as its behaviours are many.
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [js.configs.recommended],
    languageOptions: { globals: globals.node },
    rules: size,
  },
  prettier,
);
