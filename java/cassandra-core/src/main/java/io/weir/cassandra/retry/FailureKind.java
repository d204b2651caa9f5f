package io.weir.cassandra.retry;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.NodeUnavailableException;
import com.datastax.oss.driver.api.core.RequestThrottlingException;
import com.datastax.oss.driver.api.core.auth.AuthenticationException;
import com.datastax.oss.driver.api.core.connection.BusyConnectionException;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.connection.ConnectionInitException;
import com.datastax.oss.driver.api.core.connection.HeartbeatException;
import com.datastax.oss.driver.api.core.servererrors.BootstrappingException;
import com.datastax.oss.driver.api.core.servererrors.CDCWriteFailureException;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.OverloadedException;
import com.datastax.oss.driver.api.core.servererrors.ReadFailureException;
import com.datastax.oss.driver.api.core.servererrors.ReadTimeoutException;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import com.datastax.oss.driver.api.core.servererrors.UnavailableException;
import com.datastax.oss.driver.api.core.servererrors.WriteFailureException;
import com.datastax.oss.driver.api.core.servererrors.WriteTimeoutException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;

/**
 * What to do about a failed request. Every statement sent here is idempotent, so sending it again
 * is always safe.
 */
public enum FailureKind {
  /** The cluster is busy, unreachable or changing: it passes with time. */
  TRANSIENT,
  /**
   * An error inside Cassandra that may pass or may come with this very row: worth a few attempts,
   * not an endless wait.
   */
  DOUBTFUL,
  /**
   * The same request will fail for ever (invalid query, no permission, wrong type, anything
   * unknown).
   */
  PERMANENT;

  private static final List<Class<? extends Throwable>> TRANSIENT_ERRORS =
      List.of(
          DriverTimeoutException.class,
          WriteTimeoutException.class,
          ReadTimeoutException.class,
          UnavailableException.class,
          OverloadedException.class,
          BootstrappingException.class,
          NodeUnavailableException.class,
          BusyConnectionException.class,
          ClosedConnectionException.class,
          HeartbeatException.class,
          RequestThrottlingException.class);

  private static final List<Class<? extends Throwable>> DOUBTFUL_ERRORS =
      List.of(
          ServerError.class,
          WriteFailureException.class,
          ReadFailureException.class,
          CDCWriteFailureException.class);

  /**
   * How Cassandra 4 and 5 word it; what they say of a value (a key that is empty) is none of these.
   */
  private static final Pattern TARGET =
      Pattern.compile(
          "^(unconfigured (table|columnfamily)|(table|keyspace) \\S+ (does not|doesn't) exist"
              + "|undefined (column )?name|unknown identifier)",
          Pattern.CASE_INSENSITIVE);

  public static FailureKind of(Throwable error) {
    if (error instanceof CompletionException && error.getCause() != null) {
      return of(error.getCause());
    }
    if (error instanceof AllNodesFailedException failed) {
      return ofNodes(failed);
    }
    if (isOneOf(TRANSIENT_ERRORS, error)) {
      return TRANSIENT;
    }
    if (isOneOf(DOUBTFUL_ERRORS, error)) {
      return DOUBTFUL;
    }
    if (error instanceof ConnectionInitException) {
      return hasCause(error, AuthenticationException.class) ? PERMANENT : TRANSIENT;
    }
    // A refused or reset connection reaches us as the plain network error.
    return error instanceof IOException ? TRANSIENT : PERMANENT;
  }

  /**
   * Whether Cassandra refuses what a request is sent to (a table or column that is gone, a right
   * that was taken away), and not what is in it: every other row would be refused as well, until
   * somebody mends it.
   */
  public static boolean isOfTarget(Throwable error) {
    if (error instanceof CompletionException && error.getCause() != null) {
      return isOfTarget(error.getCause());
    }
    return error instanceof UnauthorizedException
        || error instanceof InvalidQueryException
            && TARGET.matcher(String.valueOf(error.getMessage())).find();
  }

  /**
   * One node that may recover is reason enough to try again; no node tried means that all were
   * down.
   */
  private static FailureKind ofNodes(AllNodesFailedException failed) {
    return failed.getAllErrors().values().stream()
        .flatMap(List::stream)
        .map(FailureKind::of)
        .min(FailureKind::compareTo)
        .orElse(TRANSIENT);
  }

  private static boolean isOneOf(List<Class<? extends Throwable>> classes, Throwable error) {
    return classes.stream().anyMatch(type -> type.isInstance(error));
  }

  private static boolean hasCause(Throwable error, Class<? extends Throwable> type) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }
}
