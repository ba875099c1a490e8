// Checks TypeScript projects that are sent to it, one line of JSON each, and answers in the same way. It stays, so that
// compilers and the types of libraries are read once. Nothing that is sent is run, and nothing is written.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const home = process.cwd();
const modules = join(home, 'node_modules');
const require = createRequire(join(home, 'package.json'));
const { API } = await import(pathToFileURL(join(modules, 'typescript7/dist/api/sync/api.js')).href);
const ts = require('typescript');
const { Linter } = require('eslint');
const { parser, plugin } = require('typescript-eslint');

const folder = join(home, 'project');
const config = join(folder, 'tsconfig.json');
/** The project's files by absolute path. */
let files = new Map();

const isOwn = (path) => path === folder || path.startsWith(`${folder}/`);
/** Whether a path may be read: the libraries, and nothing else of this machine. */
const isLibrary = (path) => path.startsWith(`${modules}/`);

const api = new API({
  cwd: home,
  fs: {
    readFile: (path) => (isOwn(path) ? (files.get(path) ?? null) : isLibrary(path) || path === join(home, 'package.json') ? undefined : null),
    fileExists: (path) => (isOwn(path) ? files.has(path) : isLibrary(path) ? undefined : false),
    directoryExists: (path) => (isOwn(path) ? path === folder : path === home || path === modules || isLibrary(path) ? undefined : false),
    getAccessibleEntries: (path) => (isOwn(path) ? { files: Array.from(files.keys(), (name) => name.slice(folder.length + 1)), directories: [] } : undefined),
    realpath: (path) => (isOwn(path) ? path : undefined),
  },
});
let opened = false;

/** What the project's own configuration says, as strict as there is. */
function compilerOptions(given) {
  const usual = { target: 'es2022', module: 'node16', moduleResolution: 'node16', types: ['node'] };
  const { compilerOptions = usual } = JSON.parse(given ?? '{}');
  const { outDir, rootDir, declaration, sourceMap, incremental, ...options } = compilerOptions;
  return { ...options, strict: true, noEmit: true, skipLibCheck: true };
}

/**
 * What was found clean by this process. What a file means depends on its text, on that of the files it imports, on the
 * options, and on the libraries, which never change here; so a seal of those that was clean once is clean again.
 */
const proven = new Set();
const MOST_PROVEN = 20_000;
/** Of so many texts it is remembered what they import. */
const MOST_TEXTS = 500;

function remember(seals) {
  if (proven.size > MOST_PROVEN) proven.clear();
  for (const seal of seals) proven.add(seal);
}

/** What every file says to all others without being imported: a script, a global, a module by another's name. */
const SPEAKS_TO_ALL = /\bdeclare\b|\bglobalThis\b|^\s*\/\/\/\s*</mu;
const spoken = new Map();

/** The files a text imports by a relative name, and whether it is a module that keeps to itself. */
function imports(text) {
  const known = spoken.get(text);
  if (known !== undefined) return known;
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const names = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.') || isAbsolute(name));
  const keeps = !SPEAKS_TO_ALL.test(text) && /^(?:import|export)\b/mu.test(text);
  if (spoken.size > MOST_TEXTS) spoken.clear();
  spoken.set(text, { names, keeps });
  return { names, keeps };
}

/** A digest of all that decides what the compilers say about the whole and about each TypeScript file. */
function sealsOf(options) {
  const own = [...files.keys()].filter((path) => path.endsWith('.ts')).sort();
  const digests = new Map(own.map((path) => [path, digest([path, files.get(path)])]));
  // Names that the options give to files are followed by nobody here: then each project is for itself.
  const renamed = options.paths ?? options.baseUrl ?? options.rootDirs;
  const common = [JSON.stringify(options), ...(renamed === undefined ? [] : digests.values()), ...own.filter((path) => !imports(files.get(path)).keeps).map((path) => digests.get(path))];
  const whole = digest(common);
  const ofFile = (path) => digest([whole, path, ...reached(path).map((one) => digests.get(one) ?? `no ${one}`)]);
  return { whole, each: new Map(own.map((path) => [path, ofFile(path)])) };
}

/** A file and all it imports, directly or not, in the order of their names. */
function reached(path) {
  const seen = new Set([path]);
  for (const at of seen) {
    for (const name of files.has(at) ? imports(files.get(at)).names : []) {
      const target = resolve(dirname(at), name);
      const stem = target.replace(/\.[jt]s$/u, '');
      for (const one of [`${stem}.ts`, `${stem}.d.ts`, `${target}.ts`, join(target, 'index.ts')]) seen.add(one);
    }
  }
  return [...seen].sort();
}

const digest = (parts) => createHash('sha256').update(JSON.stringify(parts)).digest('base64');

/** Type-checks with TypeScript 7; tells besides whether the linter could find nothing anyway. */
function check(changed, options) {
  const fileChanges = opened ? { changed: changed.changed, created: changed.created, deleted: changed.deleted } : undefined;
  // Trees of the project before are not those of this one, whatever the cache thinks.
  api.clearSourceFileCache();
  const snapshot = api.updateSnapshot(opened ? { fileChanges } : { openProjects: [config] });
  opened = true;
  try {
    const { program } = snapshot.getProject(config);
    const { whole, each } = sealsOf(options);
    const due = [...each.keys()].filter((path) => !proven.has(each.get(path)));
    const all = [
      ...program.getConfigFileParsingDiagnostics(),
      ...program.getProgramDiagnostics(),
      // Dear, for it reads everything; and it tells only of globals that are missing.
      ...(proven.has(whole) ? [] : program.getGlobalDiagnostics()),
      ...due.flatMap((path) => [...program.getSyntacticDiagnostics(path), ...program.getSemanticDiagnostics(path)]),
    ];
    const errors = all.filter((one) => one.category === 1).map(problem);
    const clean = errors.length === 0 && isClean(snapshot.getProject(config), due);
    if (clean) remember([whole, ...each.values()]);
    return { errors, clean };
  } finally {
    snapshot.dispose();
  }
}

const { SyntaxKind } = await import(pathToFileURL(join(modules, 'typescript7/dist/ast/index.js')).href);
const { TypeFlags } = await import(pathToFileURL(join(modules, 'typescript7/dist/api/sync/api.js')).href);

/**
 * Whether it is certain that the linter's rules find nothing: no `any` is written, no comment speaks to the compiler, and
 * no value of a statement can be a promise. Where there is doubt the linter decides, and only it says what is wrong.
 */
function isClean({ program, checker }, due) {
  const statements = [];
  for (const path of due) {
    const source = program.getSourceFile(path);
    if (source === undefined || files.get(path).includes('@ts-') || !collect(source, statements)) return false;
  }
  const types = statements.length === 0 ? [] : checker.getTypeAtLocation(statements);
  const looked = new Map();
  const plain = (type) => {
    if (!looked.has(type.id)) looked.set(type.id, isPlain(type, checker));
    return looked.get(type.id);
  };
  const isHarmless = (type, index) => plain(type) || (isCaught(statements[index]) && isSingle(type, checker));
  return types.every((type, index) => type !== undefined && isHarmless(type, index));
}

/** Whether a statement is `….catch(() => …)`: a promise of it is taken care of. */
function isCaught(node) {
  if (node.kind !== SyntaxKind.CallExpression || node.expression.kind !== SyntaxKind.PropertyAccessExpression) return false;
  return node.expression.name.text === 'catch' && node.arguments[0]?.kind === SyntaxKind.ArrowFunction;
}

/** Whether a type is one object, not a list. */
function isSingle(type, checker) {
  return (type.flags & TypeFlags.Object) !== 0 && !checker.isArrayLikeType(type);
}

/** Collects expressions whose value is dropped; false where `any` is written. */
function collect(node, statements) {
  if (node.kind === SyntaxKind.AnyKeyword) return false;
  if (node.kind === SyntaxKind.ExpressionStatement && !isAssignment(node.expression)) statements.push(node.expression);
  return node.forEachChild((child) => (collect(child, statements) ? undefined : true)) === undefined;
}

function isAssignment(node) {
  return node.kind === SyntaxKind.BinaryExpression && node.operatorToken.kind === SyntaxKind.EqualsToken;
}

// The linter does not take `any` for a promise; that none is written was looked at before.
const PRIMITIVE = TypeFlags.Primitive | TypeFlags.VoidLike | TypeFlags.Never | TypeFlags.Null | TypeFlags.AnyOrUnknown;

/** Whether no value of the type has a `then`, and none is a list of such. Types may hold themselves, as JSON does. */
function isPlain(type, checker, inList = false) {
  if ((type.flags & PRIMITIVE) !== 0) return true;
  if ((type.flags & TypeFlags.Union) !== 0) return type.getTypes().every((one) => isPlain(one, checker, inList));
  if ((type.flags & (TypeFlags.Object | TypeFlags.Intersection)) === 0) return false;
  if (checker.getPropertyOfType(type, 'then') !== undefined) return false;
  // The linter does not look into lists of lists either.
  if (inList) return true;
  if (checker.isArrayType(type) || checker.isTupleType(type)) return checker.getTypeArguments(type).every((one) => isPlain(one, checker, true));
  return !checker.isArrayLikeType(type);
}

function problem({ fileName, pos, code, text, messageText }) {
  const own = fileName !== undefined && isOwn(fileName);
  const before = own ? (files.get(fileName) ?? '').slice(0, pos).split('\n') : [''];
  const message = text ?? (typeof messageText === 'string' ? messageText : (messageText?.messageText ?? ''));
  return { file: own ? fileName.slice(folder.length + 1) : '', line: before.length, column: before.at(-1).length + 1, code: `TS${code}`, message };
}

/** For comparison: the linter has a look at what is clean, too. */
const always = process.argv.includes('--always-lint');
const linter = new Linter({ configType: 'flat' });
const rules = {
  '@typescript-eslint/no-explicit-any': ['error', { fixToUnknown: false, ignoreRestArgs: false }],
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/ban-ts-comment': 'error',
};
const sources = new Map();
let program;

/** A program of TypeScript 6 for the linter's rules that need types. Library files are parsed once. */
function lintProgram(options) {
  const { options: read } = ts.convertCompilerOptionsFromJson(options, folder);
  const host = ts.createCompilerHost(read);
  const disk = { readFile: host.readFile, fileExists: host.fileExists, directoryExists: host.directoryExists };
  host.getCurrentDirectory = () => folder;
  host.readFile = (path) => (isOwn(path) ? files.get(path) : isLibrary(path) ? disk.readFile(path) : undefined);
  host.fileExists = (path) => (isOwn(path) ? files.has(path) : isLibrary(path) && disk.fileExists(path));
  host.directoryExists = (path) => (isOwn(path) ? path === folder : isLibrary(path) || path === modules || path === home ? disk.directoryExists(path) : false);
  host.realpath = (path) => path;
  host.getSourceFile = (path, languageVersion) => {
    const text = host.readFile(path);
    const key = `${path}\0${JSON.stringify(languageVersion)}`;
    const known = sources.get(key);
    if (text === undefined) return undefined;
    if (known !== undefined && known.text === text) return known;
    const parsed = ts.createSourceFile(path, text, languageVersion, true);
    sources.set(key, parsed);
    return parsed;
  };
  const rootNames = Array.from(files.keys()).filter((path) => path.endsWith('.ts'));
  program = ts.createProgram({ rootNames, options: read, host, oldProgram: program });
  return program;
}

function lint(options) {
  const checked = lintProgram(options);
  const setup = {
    files: ['**/*.ts'],
    languageOptions: { parser, parserOptions: { programs: [checked] } },
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
    plugins: { '@typescript-eslint': plugin },
    rules,
  };
  const found = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.ts')) continue;
    const name = path.slice(folder.length + 1);
    const said = linter.verify(text, [setup], { filename: path }).filter(({ severity }) => severity === 2);
    for (const { line, column, ruleId, message } of said) {
      found.push({ file: name, line: line ?? 1, column: column ?? 1, code: (ruleId ?? 'parse').replace('@typescript-eslint/', ''), message });
    }
  }
  return found;
}

/** Puts the project of a request in the place of the last one; tells what is different. */
function replace(request) {
  const next = new Map();
  for (const [name, text] of Object.entries(request)) if (name.endsWith('.ts')) next.set(join(folder, name), text);
  const options = compilerOptions(request['tsconfig.json']);
  const names = Array.from(next.keys(), (path) => path.slice(folder.length + 1)).sort();
  next.set(config, JSON.stringify({ compilerOptions: options, files: names }));
  const before = files;
  files = next;
  const created = Array.from(next.keys()).filter((path) => !before.has(path));
  const changed = Array.from(next.keys()).filter((path) => before.has(path) && before.get(path) !== next.get(path));
  const deleted = Array.from(before.keys()).filter((path) => !next.has(path));
  return { options, changes: { created, changed, deleted } };
}

function verify(request) {
  const { options, changes } = replace(request);
  const begun = performance.now();
  const { errors: tsc, clean } = check(changes, options);
  const between = performance.now();
  const found = clean && !always ? [] : lint(options);
  const anyTypes = found.filter((one) => one.code === 'no-explicit-any').length;
  return { tsc, lint: found, clean, anyTypes, tscMillis: between - begun, lintMillis: performance.now() - between };
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ready: true, typescript: '7.0.2', eslint: Linter.version });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  try {
    say(verify(JSON.parse(line).files));
  } catch (error) {
    // What the compiler remembers may be half of one project and half of another now.
    say({ broken: String(error?.stack ?? error) });
    process.exit(1);
  }
}
try {
  api.close();
} catch {
  // It is over either way.
}
