// What failures say travels as payloads, which are sealed. Without keys it stands in the open, where people look for it.
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
