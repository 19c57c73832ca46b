// The addresses of the pages of issues and maintenance windows.

export type IssueView =
  | { readonly of: "list" }
  | { readonly of: "issue"; readonly issueId: string }
  | { readonly of: "windows" }
  | { readonly of: "new-window" };

export interface IssueRoute {
  readonly page: "issues";
  /** The whole address, which distinguishes one page from another. */
  readonly id: string;
  readonly show: IssueView;
}

/** The page of an address, split at its slashes; null if it is not one of these. */
export function issueRoute(parts: readonly string[]): IssueRoute | null {
  const show = viewOf(parts);
  return show === null ? null : { page: "issues", id: parts.join("/"), show };
}

function viewOf([first, second, ...others]: readonly string[]): IssueView | null {
  if (others.length > 0) return null;
  if (first === "issues") return second === undefined ? { of: "list" } : { of: "issue", issueId: second };
  if (first !== "maintenance") return null;
  return second === undefined ? { of: "windows" } : second === "new" ? { of: "new-window" } : null;
}

/** A station, or a pile with its station. */
export type WindowPlace = { readonly station: string } | { readonly pile: string };

export function issueAddresses(base: string) {
  return {
    issues: `${base}/issues`,
    issue: (id: string) => `${base}/issues/${encodeURIComponent(id)}`,
    maintenance: `${base}/maintenance`,
    newWindow: (place: WindowPlace) => `${base}/maintenance/new?${new URLSearchParams(place)}`,
  };
}
