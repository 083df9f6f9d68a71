/** Files: sends them up, and fetches them with the session's token, which no address may hold. */
import { ApiError } from "../api/client";
import type { FileRef } from "../api/types";

/** The most bytes that the server takes. */
export const MOST_BYTES = 10 * 1024 * 1024;

/** What a browser may show as a picture; everything else is only to be saved. */
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Headers that say whose request it is. */
export type Headers = Record<string, string>;

/** What the browser holds of a file, by the file's id. */
const held = new Map<string, Promise<string>>();

export const isPicture = (mediaType: string): boolean => PICTURES.includes(mediaType);

/** Sends a file up, telling how much of it is there, from 0 to 1. */
export function upload(as: Headers, file: File, onProgress: (share: number) => void): Promise<FileRef> {
  // Not worth the way: the server says the same.
  if (file.size > MOST_BYTES) return Promise.reject(new ApiError(413, "file_too_large", ""));
  return new Promise((resolve, reject) => {
    // Unlike `fetch`, it tells how far it is.
    const request = new XMLHttpRequest();
    request.open("POST", `/api/webchat/files?name=${encodeURIComponent(file.name)}`);
    request.responseType = "json";
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    for (const [name, value] of Object.entries(as)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, "unreachable", ""));
    request.onload = () => {
      const { status, response } = request;
      if (status === 201) {
        const kept = (response as { file: FileRef }).file;
        held.set(kept.id, Promise.resolve(shown(file, kept)));
        resolve(kept);
      } else {
        const retryAfter = Number(request.getResponseHeader("retry-after")) || 0;
        reject(new ApiError(status, response?.code ?? "", response?.error ?? "", retryAfter));
      }
    };
    request.send(file);
  });
}

/** Where the browser has the file's content: an address that works on this page only. */
export function addressOf(as: Headers, file: FileRef): Promise<string> {
  let address = held.get(file.id);
  if (!address) {
    address = fetched(as, file);
    held.set(file.id, address);
    address.catch(() => held.delete(file.id));
  }
  return address;
}

/** Lets the reader save the file. */
export async function save(as: Headers, file: FileRef): Promise<void> {
  const link = document.createElement("a");
  link.href = await addressOf(as, file);
  link.download = file.name;
  link.click();
}

async function fetched(as: Headers, file: FileRef): Promise<string> {
  const answer = await fetch(`/api/webchat/files/${file.id}`, { headers: as });
  if (!answer.ok) throw new ApiError(answer.status, "", answer.statusText);
  return shown(await answer.blob(), file);
}

/** A browser must not take a file for anything that could run. */
function shown(content: Blob, { mediaType }: FileRef): string {
  const type = isPicture(mediaType) ? mediaType : "application/octet-stream";
  return URL.createObjectURL(content.slice(0, content.size, type));
}
