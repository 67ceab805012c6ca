-- Run once, by the image, when the cluster is made: Prefect keeps a database of its own.
CREATE DATABASE prefect;
