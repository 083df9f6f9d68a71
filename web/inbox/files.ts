/** Uploads files, and says why one was not taken. */
import { ApiError } from "../api/client";
import { DESK } from "./knowledge";
import type { SharedFile } from "./types";

/** The largest file that the server takes, in bytes. */
export const LARGEST = 10 * 1024 * 1024;

export async function upload(conversation: string, file: File, signal: AbortSignal): Promise<SharedFile> {
  if (file.size > LARGEST) throw new ApiError(413, "file_too_large", "");
  const path = `${DESK}/conversations/${conversation}/files?name=${encodeURIComponent(file.name)}`;
  const headers = { "content-type": file.type || "application/octet-stream" };
  let answer: Response;
  try {
    answer = await fetch(path, { method: "POST", headers, body: file, signal });
  } catch {
    throw new ApiError(0, "unreachable", "");
  }
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, json.code ?? "", json.error ?? "");
  return json.file as SharedFile;
}

/** Where a file is to be had. */
export function addressOf({ id }: SharedFile): string {
  return `${DESK}/files/${id}`;
}

/** Whether it can be shown as a picture. */
export function isPicture({ mediaType }: SharedFile): boolean {
  return /^image\/(png|jpeg|gif|webp)$/.test(mediaType);
}
