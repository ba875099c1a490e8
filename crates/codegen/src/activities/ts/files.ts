/** The one folder a flow may touch. No link leads out of it. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskContext, TaskError, shortened } from './host';

/** The largest file that is read or written. */
export const LARGEST = 16 * 1024 * 1024;

/** Reads all of a file, which may be no larger than `limit` bytes. */
export async function readFile(cx: TaskContext, path: string, limit: number): Promise<Buffer> {
  const place = await placeOf(cx, path, false);
  try {
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw invalid(path, 'it is not a plain file');
      if (found.size > limit) throw new TaskError('limit', 'FILE_TOO_LARGE', `\`${path}\` is larger than ${limit} bytes`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explained(error, path);
  }
}

/** Puts `bytes` in the file's place, all or nothing; tells whether that changed something. */
export async function replaceFile(cx: TaskContext, path: string, bytes: Buffer): Promise<boolean> {
  const place = await placeOf(cx, path, true);
  const there = await lstat(place).catch(() => undefined);
  if (there !== undefined && !there.isFile()) throw invalid(path, 'there is something there that is not a plain file');
  if (there !== undefined && (await readFile(cx, path, LARGEST).catch(() => undefined))?.equals(bytes) === true) return false;
  // Named after the step, so that a repetition writes over what an earlier attempt left half done.
  const half = join(place, '..', `.weir-${createHash('sha256').update(cx.key).digest('hex').slice(0, 32)}`);
  try {
    const file = await open(half, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, place);
    return true;
  } catch (error) {
    throw explained(error, path);
  }
}

/** The file's place on the disk, every folder on the way looked at. */
async function placeOf(cx: TaskContext, path: string, make: boolean): Promise<string> {
  const root = cx.flow.files;
  if (root === undefined) throw new TaskError('denied', 'FILES_NOT_ALLOWED', 'the flow has no folder for files; name one in `settings.files`');
  const parts = partsOf(path);
  const name = parts.pop();
  if (name === undefined) throw invalid(path, 'it names no file');
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    try {
      if (make) await mkdir(folder, 0o755).catch((error: unknown) => (codeOf(error) === 'EEXIST' ? undefined : Promise.reject(error)));
      const found = await lstat(folder);
      if (!found.isDirectory()) throw invalid(path, 'a link or a file stands where a folder is expected');
    } catch (error) {
      throw explained(error, path);
    }
  }
  return join(folder, name);
}

function partsOf(path: string): string[] {
  if (path.startsWith('/')) throw invalid(path, "it must be relative to the flow's folder");
  if (path.endsWith('/')) throw invalid(path, 'it names a folder');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const wrong = (part: string): boolean => part === '..' || part.includes('\0') || part.includes('\\') || Buffer.byteLength(part) > 255;
  if (parts.some(wrong)) throw invalid(path, '`..`, backslashes and names of over 255 bytes are not allowed');
  return parts;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function explained(error: unknown, path: string): TaskError {
  if (error instanceof TaskError) return error;
  const code = codeOf(error);
  if (code === 'ENOENT') return new TaskError('input', 'FILE_NOT_FOUND', `there is no file \`${path}\``);
  if (code === 'ELOOP' || code === 'ENOTDIR') return invalid(path, 'a link or a file stands where a folder is expected');
  const reason = error instanceof Error ? error.message : String(error);
  return new TaskError('internal', 'FILE_IO', `\`${path}\`: ${reason}`, true);
}

function invalid(path: string, reason: string): TaskError {
  return new TaskError('input', 'FILE_PATH_INVALID', `\`${JSON.stringify(shortened(path, 120)).slice(1, -1)}\`: ${reason}`);
}
