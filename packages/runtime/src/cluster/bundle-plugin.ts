import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Loader, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild'

/** What esbuild puts in the place of `import.meta`; {@link bundlePlugin} binds it in each file. */
export const importMetaName = '__millraceImportMeta'

/** A function of the bundle itself: `(fileUrl) => import.meta.resolve` for that file. */
export const resolveName = '__millraceResolve'

const importMetaNamespace = 'millrace-import-meta'
const askedAlready: unique symbol = Symbol('asked already')
const builtins = new Set(builtinModules)

/**
 * Decides what goes into a job's bundle: the job's own files do, packages do not; least of all `@millrace/runtime`, of which
 * there must be one in a process. In each file `import.meta` keeps meaning that file.
 *
 * @param bundleDirectory - from where the bundle's imports will be resolved.
 */
export function bundlePlugin(bundleDirectory: string): Plugin {
  return {
    name: 'millrace',
    setup(build) {
      build.onResolve({ filter: /^[^./\\]/ }, (args) => resolvePackage(build, args, bundleDirectory))
      build.onResolve({ filter: new RegExp(`^${importMetaNamespace}:`) }, ({ path }) => ({
        path: path.slice(importMetaNamespace.length + 1),
        namespace: importMetaNamespace,
      }))
      build.onLoad({ filter: /./, namespace: importMetaNamespace }, ({ path }) => ({
        contents: importMetaModule(path),
      }))
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        const contents = await readFile(path, 'utf8')
        return { contents: withOwnLocation(path, contents), loader: loaderOf(path) }
      })
    },
  }
}

async function resolvePackage(
  build: PluginBuild,
  args: OnResolveArgs,
  bundleDirectory: string,
): Promise<OnResolveResult | undefined> {
  const { path, kind, resolveDir, pluginData } = args
  if (kind === 'entry-point' || pluginData === askedAlready || path.startsWith(`${importMetaNamespace}:`))
    return undefined
  if (builtins.has(path) || /^(node|data|https?):/.test(path)) return { path, external: true }
  if (path === '@millrace/runtime' || path.startsWith('@millrace/runtime/')) {
    return {
      path: packageDirectory(bundleDirectory, '@millrace/runtime') === undefined ? ownRuntime(path) : path,
      external: true,
    }
  }
  const ofImporter = path.startsWith('#') ? undefined : packageDirectory(resolveDir, packageName(path))
  if (ofImporter !== undefined && ofImporter === packageDirectory(bundleDirectory, packageName(path))) {
    return { path, external: true }
  }
  // A path of tsconfig.json, an import that starts with #, or a package that only the importing file can see.
  const resolved = await build.resolve(path, { kind, resolveDir, importer: args.importer, pluginData: askedAlready })
  if (resolved.errors.length > 0) return { errors: resolved.errors, warnings: resolved.warnings }
  const isPackage = ofImporter !== undefined || resolved.path.includes(`${sep}node_modules${sep}`)
  if (resolved.external || !isPackage) return resolved
  return { path: kind === 'require-call' ? resolved.path : pathToFileURL(resolved.path).href, external: true }
}

/** For a job without any `node_modules`: the runtime that bundles it. */
function ownRuntime(specifier: string): string {
  return import.meta.resolve(specifier)
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function packageDirectory(from: string, name: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name)
    if (existsSync(candidate)) return candidate
    if (directory === dirname(directory)) return undefined
  }
}

/**
 * Lines and columns must stay where they are, so an ES module gets its binding at the very end (imports are hoisted). A
 * CommonJS file cannot import; its two variables go in front, and shift the columns of its first line.
 */
function withOwnLocation(path: string, contents: string): string {
  if (/^\.c[jt]s$/.test(extname(path))) {
    if (!/\b__(filename|dirname)\b/.test(contents) || contents.startsWith('#!')) return contents
    return `var __filename=${JSON.stringify(path)},__dirname=${JSON.stringify(dirname(path))};${contents}`
  }
  if (!contents.includes('import.meta')) return contents
  const specifier = JSON.stringify(`${importMetaNamespace}:${path}`)
  return `${contents}\nimport { importMeta as ${importMetaName} } from ${specifier}\n`
}

function importMetaModule(path: string): string {
  const url = JSON.stringify(pathToFileURL(path).href)
  return `export const importMeta = {
  url: ${url},
  filename: ${JSON.stringify(path)},
  dirname: ${JSON.stringify(dirname(path))},
  main: false,
  resolve: ${resolveName}(${url}),
}`
}

function loaderOf(path: string): Loader {
  const extension = extname(path)
  if (extension === '.tsx') return 'tsx'
  if (extension === '.jsx') return 'jsx'
  return extension.endsWith('ts') ? 'ts' : 'js'
}
