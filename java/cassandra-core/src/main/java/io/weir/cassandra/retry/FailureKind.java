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

/** How to treat a failed request. All statements are idempotent, so a retry is always safe. */
public enum FailureKind {
  /**
   * The cluster is overloaded, unreachable or changing its topology. The error goes away by itself.
   */
  TRANSIENT,
  /**
   * An error inside Cassandra that may go away or may be caused by this row. It is retried a
   * limited number of times.
   */
  DOUBTFUL,
  /**
   * A retry will fail as well: invalid query, missing permission, wrong type, or an unknown error.
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

  /** The wording of Cassandra 4 and 5. Errors about a value, such as an empty key, do not match. */
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
    // The driver passes on a refused or reset connection as a plain IOException.
    return error instanceof IOException ? TRANSIENT : PERMANENT;
  }

  /**
   * Whether the error concerns the target of the request (a dropped table or column, a revoked
   * permission) and not the row. All other rows would fail as well until somebody fixes it.
   */
  public static boolean isOfTarget(Throwable error) {
    if (error instanceof CompletionException && error.getCause() != null) {
      return isOfTarget(error.getCause());
    }
    return error instanceof UnauthorizedException
        || error instanceof InvalidQueryException
            && TARGET.matcher(String.valueOf(error.getMessage())).find();
  }

  /** Retry if at least one node may recover. If no node was tried, all were down. */
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
