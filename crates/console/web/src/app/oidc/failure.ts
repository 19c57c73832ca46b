// Why a sign-in failed. Each code has a text in the pages' languages.

export type FailureCode =
  /** The page is not in a secure context, in which browsers have no cryptography. */
  | "insecure"
  /** The provider did not answer. */
  | "unreachable"
  /** The provider's answers contradict the settings or the specification. */
  | "misconfigured"
  /** The response does not belong to a sign-in of this tab. */
  | "foreign"
  /** The provider needs the user for what was asked silently. */
  | "interaction"
  /** The provider refused. */
  | "refused";

export class SignInFailure extends Error {
  constructor(readonly code: FailureCode, readonly detail: string | null = null) {
    super(detail ?? code);
    this.name = "SignInFailure";
  }
}
